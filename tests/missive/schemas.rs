//! `missive schema`: what each command really prints is what its schema says.

use serde_json::Value;

use crate::every_command::{Data, lines};

/// The schema of a command, which lets no unknown key pass at its top.
fn schema(data: &Data, command: &str) -> Value {
    let printed = data.command(&["schema", command]).output().unwrap();
    let mut schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(schema["title"], format!("missive {command} --json"));
    schema.as_object_mut().unwrap().insert("unevaluatedProperties".to_owned(), false.into());
    schema
}

#[test]
fn what_a_command_prints_is_what_its_schema_says() {
    for line in lines() {
        let data = Data::new();
        let output = data.run(line, &["--json"]);
        let command = line.args[0];
        let mut schema = schema(&data, command);
        if command == "schema" {
            // A schema has keys of its own.
            schema.as_object_mut().unwrap().remove("unevaluatedProperties");
        }
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let values: Vec<Value> = serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap).collect();
        assert!(!values.is_empty(), "{:?} printed nothing", line.args);
        for value in values {
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{:?}: {errors:#?}\n{value:#}", line.args);
        }
    }
}

#[test]
fn a_schema_can_say_no() {
    let data = Data::new();
    let validator = jsonschema::draft202012::new(&schema(&data, "check")).unwrap();
    for wrong in ["{}", r#"{"channels": 1}"#, r#"{"channels": [], "more": 1}"#, r#"{"channels": [{"channel": "x"}]}"#] {
        assert!(!validator.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
    let unknown = data.command(&["schema", "no-such-command"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}
