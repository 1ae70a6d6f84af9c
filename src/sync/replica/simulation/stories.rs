//! Stories that must end well: the four faults that this design mends, and each fault that the schedules have found since.

use crate::sync::replica::simulation::computer::Part::{Owner, Reader, Stranger, Writer};
use crate::sync::replica::simulation::happening::Happening::{
    Attach, BackUp, Carry, Clone, Crash, Cut, Delete, DeleteAll, Edit, Empty, FillDisk, FreeDisk, Harm, Join, Mount,
    Profile, RenameChannel, RenameDataFolder, Restore, SetClock, Unmount, Write,
};
use crate::sync::replica::simulation::happening::Harm::{NoContent, OddKeys, SignNow};
use crate::sync::replica::simulation::happening::What;
use crate::sync::replica::simulation::story::Story;

/// A message that is written now.
fn write(at: usize) -> super::happening::Happening {
    Write { at, second: None, attachments: 1 }
}

#[test]
fn a_message_comes_to_a_reader() {
    Story::new(&[Owner, Reader]).then(500, Write { at: 0, second: None, attachments: 2 }).must_end_well(50);
}

#[test]
fn a_folder_that_is_restored_after_deletions_is_no_endless_loop() {
    for what in [What::Box, What::State, What::Both] {
        let mut story = Story::new(&[Owner, Reader]);
        for _ in 0..4 {
            story = story.then(1100, write(0));
        }
        story = story.then(4000, BackUp { at: 0 });
        for nth in [0, 2, 1] {
            story = story.then(300, Delete { at: 0, nth });
        }
        story.then(8000, Restore { at: 0, what }).must_end_well(40);
    }
}

#[test]
fn a_reader_that_was_away_while_the_author_deleted_hears_of_it() {
    let story =
        Story::new(&[Owner, Reader]).then(1100, write(0)).then(1100, write(0)).then(5000, Cut { groups: vec![0, 1] });
    story.then(500, Delete { at: 0, nth: 0 }).then(100, Delete { at: 0, nth: 0 }).then(6000, Join).must_end_well(60);
}

#[test]
fn a_moved_data_folder_still_gives_its_large_attachments() {
    let story = Story::new(&[Owner, Reader]).then(500, Cut { groups: vec![0, 1] }).then(1000, write(0));
    let story = story.then(1000, Attach { at: 0, nth: 0 }).then(4000, RenameDataFolder { at: 0 });
    story.then(4000, Join).must_end_well(60);
}

#[test]
fn a_renamed_channel_goes_on() {
    let story = Story::new(&[Owner, Reader]).then(1000, write(0)).then(3000, RenameChannel { at: 0 });
    story.then(3000, write(0)).must_end_well(60);
}

#[test]
fn two_computers_with_one_data_folder_lose_nothing_and_are_told() {
    let story = Story::new(&[Owner, Reader]).then(1000, write(0)).then(5000, Clone { at: 0 });
    let story = story.then(4000, write(0)).then(1500, write(2)).then(6000, write(0)).then(1500, write(2));
    story.must_end_well(60);
}

#[test]
fn two_who_write_in_one_second_both_keep_their_message() {
    let at_once = |at| Write { at, second: Some(1), attachments: 1 };
    let story = Story::new(&[Owner, Writer, Writer]).then(300, Cut { groups: vec![0, 1, 2] });
    story.then(1000, at_once(0)).then(10, at_once(1)).then(10, at_once(2)).then(3000, Join).must_end_well(60);
}

#[test]
fn what_two_edit_at_once_is_in_a_file_of_both() {
    let story = Story::new(&[Owner, Writer]).then(1000, write(0)).then(6000, Cut { groups: vec![0, 1] });
    let story = story.then(500, Edit { at: 0, nth: 0 }).then(500, Edit { at: 1, nth: 0 });
    story.then(3000, Join).must_end_well(60);
}

#[test]
fn a_disk_that_is_not_there_deletes_nothing() {
    for is_blank in [false, true] {
        let story = Story::new(&[Owner, Reader]).then(1000, write(0)).then(5000, Unmount { at: 0, is_blank });
        story.then(90_000, Join).must_end_well(30);
    }
}

#[test]
fn a_disk_that_is_not_there_deletes_nothing_of_a_box_without_messages_either() {
    let story =
        Story::new(&[Owner, Reader]).then(1000, Profile { at: 0 }).then(6000, Unmount { at: 0, is_blank: true });
    story.then(90_000, Join).must_end_well(30);
}

#[test]
fn a_full_disk_is_made_up_for_when_it_has_room() {
    let story = Story::new(&[Owner, Reader]).then(500, FillDisk { at: 1 }).then(1000, write(0));
    let story = story.then(2000, FillDisk { at: 0 }).then(5000, FreeDisk { at: 0 });
    story.then(1000, write(0)).then(5000, FreeDisk { at: 1 }).must_end_well(60);
}

#[test]
fn a_power_failure_at_any_step_loses_no_message() {
    for after in 0..40 {
        for at in [0, 1] {
            let story = Story::new(&[Owner, Reader]).then(1500, Crash { at, after, power: true });
            story.then(100, write(0)).then(2000, Edit { at: 0, nth: 1 }).must_end_well(2);
        }
    }
}

#[test]
fn what_a_reader_made_of_a_file_is_not_taken_for_the_authors_because_the_store_has_it() {
    let story = Story { seed: 1717, ..Story::new(&[Owner, Reader, Writer]) }
        .then(245, Crash { at: 1, after: 37, power: true })
        .then(5467, Write { at: 2, second: None, attachments: 0 })
        .then(6455, Crash { at: 0, after: 5, power: false })
        .then(2707, Edit { at: 0, nth: 2 })
        .then(189, Write { at: 2, second: None, attachments: 0 });
    story.then(9646, Edit { at: 1, nth: 3 }).must_end_well(30);
}

#[test]
fn who_signs_anothers_content_a_while_later_is_not_named_beside_its_author() {
    let story = Story { seed: 559, ..Story::new(&[Owner, Reader, Stranger]) }
        .then(13_100, Harm { by: 1, how: NoContent, nth: 18 })
        .then(3665, Write { at: 0, second: Some(2), attachments: 0 });
    story.then(9978, Harm { by: 2, how: SignNow, nth: 9 }).must_end_well(40);
}

#[test]
fn a_message_gives_way_to_one_that_its_author_has_emptied_since() {
    let story = Story { seed: 938, ..Story::new(&[Owner, Writer]) }
        .then(4350, Clone { at: 0 })
        .then(6040, Write { at: 1, second: Some(3), attachments: 1 });
    story.then(2720, Empty { at: 0, nth: 9 }).must_end_well(40);
}

#[test]
fn two_computers_with_one_key_do_not_write_their_notes_over_one_another_for_ever() {
    let story = Story { seed: 23_809, ..Story::new(&[Owner, Writer]) }
        .then(9224, Profile { at: 0 })
        .then(6249, Write { at: 1, second: None, attachments: 0 })
        .then(8827, Clone { at: 0 });
    story.then(150, DeleteAll { at: 0 }).must_end_well(30);
}

#[test]
fn what_comes_when_all_is_read_anew_is_noticed_as_somebody_elses_too() {
    let story = Story { seed: 2201, ..Story::new(&[Owner, Reader]) }
        .then(6877, Clone { at: 1 })
        .then(3569, Write { at: 0, second: Some(3), attachments: 0 });
    story.then(358, Clone { at: 0 }).must_end_well(30);
}

#[test]
fn a_message_whose_entry_is_of_the_future_is_not_copied_for_ever() {
    let story = Story { seed: 153, ..Story::new(&[Owner, Writer, Reader]) }
        .then(9058, Write { at: 0, second: None, attachments: 0 })
        .then(6136, SetClock { at: 1, minutes: 600 })
        .then(16_380, Carry { from: 0, to: 1 })
        .then(3123, SetClock { at: 1, minutes: 0 });
    story.then(2646, Edit { at: 0, nth: 2 }).must_end_well(30);
}

#[test]
fn an_empty_file_that_was_deleted_goes_from_a_reader_whose_power_failed() {
    let story = Story { seed: 84, ..Story::new(&[Owner, Writer, Writer, Reader]) }
        .then(12_266, Crash { at: 3, after: 16, power: true })
        .then(2785, Write { at: 2, second: None, attachments: 2 });
    story.then(6484, Delete { at: 0, nth: 4 }).must_end_well(30);
}

#[test]
fn what_was_put_aside_is_not_deleted_when_the_reason_for_that_is_taken_back() {
    let story = Story { seed: 211, ..Story::new(&[Owner, Writer]) }
        .then(379, Write { at: 1, second: None, attachments: 1 })
        .then(11, Write { at: 0, second: Some(0), attachments: 0 });
    story.then(3154, Empty { at: 0, nth: 8 }).must_end_well(40);
}

#[test]
fn a_message_that_gives_way_takes_back_only_what_lay_here() {
    let story = Story { seed: 11_148_659, ..Story::new(&[Owner, Writer, Writer]) }
        .then(217, Clone { at: 0 })
        .then(4032, write(0))
        .then(161, Clone { at: 1 })
        .then(141, Clone { at: 1 })
        .then(702, Write { at: 1, second: None, attachments: 0 })
        .then(1565, Profile { at: 0 })
        .then(284, Write { at: 2, second: Some(1), attachments: 0 })
        .then(571, Write { at: 0, second: Some(2), attachments: 0 })
        .then(1910, Empty { at: 0, nth: 15 });
    story.then(3158, write(0)).then(202, Write { at: 2, second: None, attachments: 0 }).must_end_well(40);
}

#[test]
fn a_text_does_not_wait_for_what_others_attach_and_nobody_has() {
    let story = Story { seed: 482_983, ..Story::new(&[Owner, Writer]) }
        .then(769, Write { at: 0, second: Some(0), attachments: 0 })
        .then(172, BackUp { at: 0 })
        .then(1294, Write { at: 1, second: Some(2), attachments: 0 })
        .then(605, Write { at: 0, second: None, attachments: 2 });
    story.then(1945, Restore { at: 0, what: What::Both }).must_end_well(40);
}

#[test]
fn who_signs_a_message_while_it_is_being_published_is_not_its_author() {
    let story = Story { seed: 35_489, ..Story::new(&[Owner, Writer, Reader, Reader, Reader, Reader, Stranger]) }
        .then(3122, Write { at: 0, second: None, attachments: 0 });
    story.then(1191, Harm { by: 2, how: SignNow, nth: 0 }).must_end_well(40);
}

#[test]
fn who_begins_to_write_after_saying_on_which_device_is_asked_for_contents() {
    let story = Story { seed: 44_477, ..Story::new(&[Owner, Reader, Writer]) }
        .then(6530, SetClock { at: 0, minutes: -60 })
        .then(3224, write(0))
        .then(1762, write(2))
        .then(3492, Delete { at: 0, nth: 12 })
        .then(3224, Write { at: 0, second: None, attachments: 2 })
        .then(1618, Write { at: 2, second: Some(2), attachments: 0 })
        .then(117, Delete { at: 1, nth: 6 });
    story.then(240, SetClock { at: 1, minutes: -11 }).must_end_well(40);
}

#[test]
fn an_empty_file_that_was_written_and_deleted_goes_from_a_reader_whose_disk_was_away() {
    let story = Story { seed: 54_000, ..Story::new(&[Owner, Writer, Writer, Reader, Writer]) }
        .then(291, FillDisk { at: 0 })
        .then(3240, Write { at: 1, second: Some(2), attachments: 1 })
        .then(3240, Unmount { at: 3, is_blank: true })
        .then(2540, Edit { at: 4, nth: 2 })
        .then(3260, Delete { at: 4, nth: 7 });
    story.then(540, Empty { at: 1, nth: 2 }).must_end_well(40);
}

#[test]
fn what_could_not_be_brought_into_the_store_once_is_given_later() {
    let story = Story { seed: 380_155, ..Story::new(&[Owner, Reader]) }
        .then(3942, write(0))
        .then(49, Carry { from: 1, to: 0 })
        .then(269, Write { at: 0, second: None, attachments: 0 })
        .then(3233, Crash { at: 1, after: 14, power: false })
        .then(1626, Clone { at: 0 })
        .then(6943, Write { at: 0, second: Some(0), attachments: 0 })
        .then(718, Delete { at: 1, nth: 3 });
    story.then(775, RenameDataFolder { at: 1 }).must_end_well(40);
}

#[test]
fn what_came_while_a_box_was_away_is_looked_at_when_a_part_of_it_is_seen_first() {
    let story = Story { seed: 634_005, ..Story::new(&[Owner, Writer, Writer, Writer, Reader]) }
        .then(763, write(3))
        .then(3720, write(1))
        .then(147, Unmount { at: 4, is_blank: false })
        .then(3986, Edit { at: 1, nth: 2 })
        .then(1729, Mount { at: 4 });
    story.then(5545, Edit { at: 4, nth: 19 }).must_end_well(40);
}

#[test]
fn a_text_waits_for_an_attachment_that_somebody_else_was_faster_with() {
    let story = Story { seed: 835_347, ..Story::new(&[Owner, Writer, Writer, Reader, Reader, Reader, Stranger]) }
        .then(3217, Harm { by: 6, how: OddKeys, nth: 0 })
        .then(702, Carry { from: 0, to: 5 })
        .then(3746, Write { at: 2, second: Some(0), attachments: 1 })
        .then(201, Write { at: 1, second: Some(2), attachments: 1 });
    story.then(3218, DeleteAll { at: 5 }).must_end_well(40);
}
