//! The parameters of a query. Parameters of unknown names are passed over.

use std::ops::RangeInclusive;

use url::form_urlencoded;

use crate::api::http::problem::{Kind, Problem};
pub(super) use crate::chain::plain_number;

/// The parameters of a query, decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Splits the text behind the question mark. Bytes that are not UTF-8 become characters that
    /// no value takes.
    pub(super) fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Returns the value of a parameter, `None` if it is absent.
    ///
    /// # Errors
    /// 400 when it is repeated.
    pub(super) fn get(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(own, _)| own == name);
        let value = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            None => Ok(value),
            Some(_) => Err(invalid(name, format!("`{name}` must be given once"))),
        }
    }

    /// Returns the value of a number in plain digits, `None` if it is absent.
    ///
    /// # Errors
    /// 400 when it is repeated, no such number, or outside the range.
    pub(super) fn number(
        &self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        let Some(text) = self.get(name)? else { return Ok(None) };
        let number = plain_number(text).filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            let (low, high) = range.into_inner();
            invalid(name, format!("`{name}` must be a number from {low} to {high}"))
        })
    }
}

/// 400, because of this parameter.
pub(super) fn invalid(name: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidParameter, detail.into()).at(name)
}

#[cfg(test)]
mod tests;
