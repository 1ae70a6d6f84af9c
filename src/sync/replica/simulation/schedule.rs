//! A schedule by its seed: who takes part, and what happens when.

use crate::sync::keys::document::Returned;
use crate::sync::replica::simulation::computer::Part;
use crate::sync::replica::simulation::happening::{HARMS, Happening, What};
use crate::sync::replica::simulation::random::Random;
use crate::sync::replica::simulation::story::Story;

/// What a schedule is about: most are about one kind of trouble, so that it is had in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    Network,
    Crashes,
    Backups,
    Clones,
    Clocks,
    Disks,
    Strangers,
    Programs,
    Moves,
    All,
}

const TROUBLES: [Trouble; 11] = [
    Trouble::None,
    Trouble::Network,
    Trouble::Crashes,
    Trouble::Backups,
    Trouble::Clones,
    Trouble::Clocks,
    Trouble::Disks,
    Trouble::Strangers,
    Trouble::Programs,
    Trouble::Moves,
    Trouble::All,
];

/// The schedule of a seed.
pub(super) fn schedule(seed: u64) -> Story {
    let mut random = Random::new(seed ^ 0x9d2c_5680_11f3_7a0b);
    let trouble = random.pick(&TROUBLES);
    let parts = parts(&mut random, trouble);
    let count = 3 + random.below(14);
    let mut happenings = Vec::with_capacity(count + 4);
    let mut time = 0;
    for _ in 0..count {
        time +=
            u32::try_from(random.pick(&[5, 100, 500, 1500, 3000])).unwrap() + u32::try_from(random.below(300)).unwrap();
        let at = random.below(parts.len());
        let is_trouble = random.percent(40) && trouble != Trouble::None;
        let happening =
            if is_trouble { trouble_of(&mut random, trouble, at, parts.len()) } else { work(&mut random, at) };
        happenings.push((time, happening));
    }
    Story { seed, parts, happenings }
}

fn parts(random: &mut Random, trouble: Trouble) -> Vec<Part> {
    let mut parts = vec![Part::Owner];
    let most = random.pick(&[2, 2, 3, 3, 4, 5, 6]);
    while parts.len() < most {
        parts.push(if random.percent(40) { Part::Writer } else { Part::Reader });
    }
    if matches!(trouble, Trouble::Strangers) || (trouble == Trouble::All && random.percent(30)) {
        parts.push(Part::Stranger);
    }
    parts
}

/// What people do every day.
fn work(random: &mut Random, at: usize) -> Happening {
    let nth = random.below(20);
    match random.below(100) {
        0..25 => Happening::Write { at, second: None, attachments: u8::try_from(random.pick(&[0, 0, 1, 2])).unwrap() },
        25..45 => {
            let second = Some(u8::try_from(random.below(4)).unwrap());
            Happening::Write { at, second, attachments: u8::try_from(random.pick(&[0, 0, 0, 1])).unwrap() }
        }
        45..52 => Happening::Attach { at, nth },
        52..58 => Happening::Profile { at: random.pick(&[0, 0, at]) },
        58..73 => Happening::Edit { at, nth },
        73..78 => Happening::Empty { at, nth },
        78..95 => Happening::Delete { at, nth },
        95..97 => Happening::DeleteAll { at },
        97..98 => Happening::AllowDeleteAll { at },
        98..99 => Happening::TakeAway { at, nth },
        _ => Happening::BringBack { at },
    }
}

fn trouble_of(random: &mut Random, trouble: Trouble, at: usize, count: usize) -> Happening {
    let nth = random.below(20);
    match trouble {
        Trouble::None | Trouble::Network => match random.below(3) {
            0 | 1 => Happening::Cut { groups: (0..count).map(|_| u8::try_from(random.below(2)).unwrap()).collect() },
            _ => Happening::Join,
        },
        Trouble::Crashes => match random.below(2) {
            0 => {
                let after = u8::try_from(random.below(40)).unwrap();
                Happening::Crash { at, after, power: random.percent(50) }
            }
            _ => Happening::Start { at },
        },
        Trouble::Backups => match random.below(9) {
            0..4 => Happening::BackUp { at },
            4 => Happening::Answer { at, returned: random.pick(&[Returned::Publish, Returned::Discard]) },
            _ => Happening::Restore { at, what: random.pick(&[What::Box, What::State, What::Both]) },
        },
        Trouble::Clones => Happening::Clone { at },
        Trouble::Clocks => {
            let minutes = random.pick(&[0, 0, -1, 1, 9, -9, 11, -11, 60, -60, 600, -600, 3000]);
            Happening::SetClock { at, minutes }
        }
        Trouble::Disks => match random.below(5) {
            0 | 1 => Happening::FillDisk { at },
            2 => Happening::FreeDisk { at },
            3 => Happening::Unmount { at, is_blank: random.percent(50) },
            _ => Happening::Mount { at },
        },
        Trouble::Strangers => Happening::Harm { by: at, how: random.pick(&HARMS), nth },
        Trouble::Programs => match random.below(4) {
            0..3 => Happening::Carry { from: at, to: random.below(count) },
            _ => Happening::EndCarrying,
        },
        Trouble::Moves => match random.below(4) {
            0 => Happening::RenameDataFolder { at },
            1 => Happening::RenameChannel { at },
            2 => Happening::TakeAway { at, nth },
            _ => Happening::BringBack { at },
        },
        Trouble::All => {
            let one = random.pick(&TROUBLES[1..10]);
            trouble_of(random, one, at, count)
        }
    }
}
