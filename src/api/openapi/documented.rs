//! A route with its description.

use std::collections::BTreeMap;

use http::Method;

use super::description::{Body, Description};
use super::parameter::Place;
use crate::api::auth::access::Access;
use crate::api::auth::users::Role;
use crate::api::http::problem::Kind;

/// A route with its description.
#[derive(Clone, Debug)]
pub(in crate::api) struct Documented {
    pub(in crate::api) method: Method,
    pub(in crate::api) path: &'static str,
    pub(in crate::api) access: Access,
    pub(in crate::api) description: Description,
}

impl Documented {
    /// Returns why it is refused, by status.
    pub(super) fn problems(&self) -> BTreeMap<u16, Vec<Kind>> {
        let mut problems = BTreeMap::<_, Vec<_>>::new();
        for kind in self.common().into_iter().chain(self.description.problems.iter().copied()) {
            let kinds = problems.entry(kind.status().as_u16()).or_default();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        problems
    }

    /// What follows from the method, the role, the parameters and the body.
    pub(super) fn common(&self) -> Vec<Kind> {
        let mut kinds = vec![
            Kind::MalformedRequest,
            Kind::MisdirectedRequest,
            Kind::UnknownTransferCoding,
            Kind::Internal,
        ];
        if let Access::AtLeast(role) = self.access {
            kinds.extend([Kind::Unauthorized, Kind::TooManyWrongPasswords, Kind::Busy]);
            if role > Role::Monitor {
                kinds.push(Kind::ForbiddenRole);
            }
        }
        if !self.method.is_safe() {
            kinds.extend([Kind::ForeignOrigin, Kind::ReadOnly]);
        }
        if !self.description.parameters.is_empty() {
            kinds.push(Kind::InvalidParameter);
        }
        if !matches!(self.description.body, Body::Unread) {
            kinds.extend([
                Kind::InvalidBody,
                Kind::RequestTimeout,
                Kind::BodyTooLarge,
                Kind::UnsupportedMediaType,
            ]);
        }
        kinds
    }

    /// Returns a path and query as a client may send them.
    pub(super) fn example_target(&self) -> String {
        let mut target = self.path.to_owned();
        let mut separator = '?';
        for parameter in &self.description.parameters {
            let Some(example) = &parameter.example else { continue };
            match parameter.place {
                Place::Path => {
                    target = target.replace(&format!("{{{}}}", parameter.name), example);
                }
                Place::Query => {
                    target.push(separator);
                    target.push_str(parameter.name);
                    target.push('=');
                    target.push_str(example);
                    separator = '&';
                }
                Place::Header => {}
            }
        }
        target
    }
}
