//! What a script may rely on, for every command: exit codes, clean streams, silence when nobody listens.

use std::io::Read;
use std::process::{Output, Stdio};

use crate::every_command::{Data, lines};
use crate::scene::words;
use crate::test_environment::stop;

#[track_caller]
fn is_calm(args: &[&str], output: &Output) {
    let (out, talk) = words(output);
    assert_ne!(output.status.code(), Some(70), "{args:?}: {talk}");
    assert!(!talk.contains("panicked"), "{args:?}: {talk}");
    assert!(!out.contains("error:"), "{args:?}: {out}");
}

#[test]
fn done_is_0_and_json_is_one_value_whatever_there_is_to_warn_of() {
    for line in lines() {
        let data = Data::new();
        let output = data.run(line, &["--json"]);
        is_calm(line.args, &output);
        let (out, talk) = words(&output);
        assert_eq!(output.status.code(), Some(0), "{:?}: {talk}", line.args);
        let texts = if line.endless { out.lines().collect() } else { vec![out.as_str()] };
        for text in texts {
            let value: serde_json::Value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{:?}: {error}\n{text}", line.args));
            assert!(value.is_object(), "{:?}", line.args);
        }
    }
}

#[test]
fn words_and_json_say_the_same_beside_the_result() {
    for line in lines().filter(|line| !line.endless) {
        let (plain, json) = (Data::new().run(line, &[]), Data::new().run(line, &["--json"]));
        assert_eq!(words(&plain).1, words(&json).1, "{:?}", line.args);
    }
}

#[test]
fn what_could_not_be_done_is_1_with_one_hint_and_no_result() {
    let data = Data::new();
    std::fs::write(data.root().join("file"), "").unwrap();
    let cases: [&[&str]; 8] = [
        &["new", "blog"],
        &["channels", "--data", "file"],
        &["check", "nowhere"],
        &["check", "nowhere", "--fix"],
        &["why", "nowhere"],
        &["build", "nowhere"],
        &["watch", "nowhere"],
        &["man", "file/pages"],
    ];
    for args in cases {
        for args in [args.to_vec(), [args, &["--json"]].concat()] {
            let output = data.command(&args).output().unwrap();
            is_calm(&args, &output);
            let (out, talk) = words(&output);
            assert_eq!((output.status.code(), out.as_str()), (Some(1), ""), "{args:?}: {talk}");
            assert!(talk.starts_with("error: "), "{args:?}: {talk}");
            assert!(talk.matches("hint: ").count() <= 1 && talk.lines().count() <= 2, "{args:?}: {talk}");
        }
    }
}

#[test]
fn wrong_usage_is_2() {
    let data = Data::new();
    for line in lines() {
        let args = [&["--no-such-option"], line.args].concat();
        let output = data.command(&args).output().unwrap();
        is_calm(&args, &output);
        let (out, talk) = words(&output);
        assert_eq!((output.status.code(), out.as_str()), (Some(2), ""), "{args:?}: {talk}");
        assert!(talk.contains("--no-such-option"), "{args:?}: {talk}");
    }
    for args in [&[] as &[&str], &["no-such-command"], &["check", "--yes"], &["completions", "tcsh"], &["schema", "x"]]
    {
        assert_eq!(data.command(args).output().unwrap().status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_closed_pipe_is_silence_for_every_command() {
    for line in lines() {
        let data = Data::new();
        // What is said when somebody listens, in a folder of its own.
        let said = words(&Data::new().run(line, &[])).1;
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = data.command(line.args).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        if line.endless {
            // It has built when it has said what there is to say.
            assert!(!said.is_empty());
            stderr.read_exact(&mut vec![0; said.len()]).unwrap();
            stop(&child);
        }
        let mut talk = String::new();
        stderr.read_to_string(&mut talk).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{:?}: {talk}", line.args);
        assert_eq!(talk, if line.endless { "" } else { said.as_str() }, "{:?}", line.args);
    }
    let data = Data::new();
    for args in [["--help"], ["--version"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = data.command(&args).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), words(&output).1.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_1() {
    let full = || std::fs::File::options().write(true).open("/dev/full");
    for line in lines().filter(|line| !line.endless && full().is_ok()) {
        let data = Data::new();
        let output = data.command(line.args).stdout(full().unwrap()).stderr(Stdio::piped()).output().unwrap();
        let (_, talk) = words(&output);
        assert_eq!(output.status.code(), Some(1), "{:?}: {talk}", line.args);
        assert!(talk.contains("error: "), "{:?}: {talk}", line.args);
    }
}
