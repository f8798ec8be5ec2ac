//! What no message may repeat: credentials in the variables of S3, and in addresses.

use std::borrow::Cow;

/// Variables whose values a server may repeat in an error.
const SECRETS: [&str; 5] = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
];

/// Variables with the address of a proxy, in which credentials have their place.
const PROXIES: [&str; 7] = [
    "AWS_PROXY_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// A shorter value is a placeholder, whose letters are everywhere.
const MIN_SECRET_BYTES: usize = 8;

/// What is shown in place of a secret.
const HIDDEN: &str = "***";

/// The text without the secrets of the environment, and without credentials in any address.
pub(super) fn hide(text: &str, env: &dyn Fn(&str) -> Option<String>) -> String {
    let values = SECRETS.iter().filter_map(|name| env(name));
    let proxies = PROXIES.iter().filter_map(|name| env(name));
    let passwords =
        proxies.filter_map(|proxy| Some(user_info(&proxy)?.split_once(':')?.1.to_owned()));
    let secrets = values.chain(passwords).filter(|value| value.len() >= MIN_SECRET_BYTES);
    let text =
        secrets.fold(Cow::Borrowed(text), |text, secret| text.replace(&secret, HIDDEN).into());
    without_user_info(&text)
}

/// What precedes the host of an address, `None` if nothing does.
fn user_info(address: &str) -> Option<&str> {
    let after = address.split_once("//").map_or(address, |(_, after)| after);
    Some(after.rsplit_once('@')?.0)
}

/// Replaces what precedes the host of each address in a text.
fn without_user_info(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("//") {
        let ends = |char: char| char.is_whitespace() || "/?#\"'`<>()".contains(char);
        let (authority, more) = after.split_at(after.find(ends).unwrap_or(after.len()));
        out.extend([before, "//"]);
        match authority.rsplit_once('@') {
            Some((_, host)) => out.extend([HIDDEN, "@", host]),
            None => out.push_str(authority),
        }
        rest = more;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
