//! Which settings are refused, without a word of their values.

use jenny_chain::cli::toolkit::{Code, code_of, text_of};

use super::*;

fn refused(name: &str, value: &str) -> String {
    let env = |asked: &str| (asked == name).then(|| value.to_owned());
    let error = anyhow::Error::from(check(&env).unwrap_err());
    assert_eq!(code_of(&error), Code::Usage);
    let text = text_of(&error);
    assert!(text.contains(name) && text.contains("\nhint: ") && !text.contains("gehe"), "{text}");
    text
}

#[test]
fn an_address_of_a_service_must_not_contain_credentials() {
    for name in ENDPOINTS {
        for value in
            ["http://key:geheim@store:9000", "key:geheim@store", "http://key:gehe/im@store"]
        {
            let text = refused(name, value);
            assert!(text.contains("must not contain credentials"), "{text}");
        }
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for value in [
        "",
        "geheim:9000",
        "geheim",
        "http:geheim",
        "http://",
        "ftp://geheim",
        "http://gehe im",
        "http://gehe\nim",
        "http://geheimß",
        "http://geheim:99999",
        "http://geheim#a",
    ] {
        let text = refused("AWS_ENDPOINT_URL", value);
        assert!(text.contains("is no address of a service"), "{value}: {text}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused() {
    for name in WORDS {
        for value in ["geheim\n", " geheim", "geheim\r", "geheimß", "gehe\0im"] {
            assert!(refused(name, value).contains("has a character that it cannot have"), "{name}");
        }
    }
}

#[test]
fn usual_settings_are_fine() {
    let env = |name: &str| {
        Some(match name {
            "AWS_ENDPOINT_URL" => "https://store:9000/a".to_owned(),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI" => "http://169.254.170.23/v1?id=1".to_owned(),
            "AWS_SESSION_TOKEN" => "FwoGZXIvYXdzE/+=".to_owned(),
            "AWS_REGION" => String::new(),
            "AWS_ACCESS_KEY_ID" => "AKIA".to_owned(),
            _ => return None,
        })
    };
    check(&env).unwrap();
}
