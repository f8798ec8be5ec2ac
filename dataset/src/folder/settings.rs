//! The variables of S3, checked before they are used: the store takes some of them for right, and errors
//! repeat others.

use jenny_chain::cli::toolkit::Failure;
use url::Url;

/// Variables with an address of a service, which errors name.
const ENDPOINTS: [&str; 6] = [
    "AWS_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_METADATA_ENDPOINT",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Variables whose values are sent in the head of a request, or sign it.
const WORDS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];

/// Refuses settings that no store has. No message repeats a value: it may be a secret.
pub(super) fn check(env: &dyn Fn(&str) -> Option<String>) -> Result<(), Failure> {
    for name in WORDS {
        if env(name).is_some_and(|value| !is_word(&value)) {
            return Err(Failure::usage(format!("{name} has a character that it cannot have"))
                .hint("remove spaces and line breaks from its value"));
        }
    }
    for name in ENDPOINTS {
        let Some(value) = env(name) else { continue };
        // Whatever else it is, what precedes an `@` may be a password.
        if value.contains('@') {
            return Err(Failure::usage(format!("{name} must not contain credentials")).hint(
                "leave out what precedes the `@`, and set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY",
            ));
        }
        if !is_address(&value) {
            return Err(Failure::usage(format!("{name} is no address of a service"))
                .hint("write for example https://store.example:9000, or unset it"));
        }
    }
    Ok(())
}

fn is_word(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_address(value: &str) -> bool {
    let is_http = |url: Url| {
        ["http", "https"].contains(&url.scheme()) && url.has_host() && url.fragment().is_none()
    };
    is_word(value) && value.contains("://") && Url::parse(value).is_ok_and(is_http)
}

#[cfg(test)]
mod tests;
