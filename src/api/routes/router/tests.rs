//! Tests.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{AUTHORIZATION, HOST};
use tower::service_fn;

use super::*;
use crate::api::auth::access::Access;
use crate::api::auth::users::{User, Users};
use crate::api::routes;

type Stub = fn(Request<()>) -> std::future::Ready<Result<Response, Infallible>>;

/// A router that responds with 200 to every request that passes.
fn router(users: &Users) -> Router<tower::util::ServiceFn<Stub>> {
    let auth = Auth::new(users, true).unwrap();
    let (hosts, answers) = (Hosts::default(), ResponseMemory::new());
    let rules = Arc::new(Rules { hosts, auth, answers, table: routes::table() });
    let stub: Stub = |request| {
        assert!(request.extensions().get::<Matched>().is_some());
        std::future::ready(Ok(Response::default()))
    };
    Router::new(rules, service_fn(stub))
}

async fn ask(
    users: &Users,
    method: &Method,
    pattern: &str,
    credentials: Option<&str>,
) -> (StatusCode, Option<Problem>) {
    let path = pattern.replace(['{', '}'], "");
    let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
    if let Some(text) = credentials {
        request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(text)));
    }
    let mut request = request.body(()).unwrap();
    let client = Client::of(SocketAddr::from(([127, 0, 0, 1], 1)));
    request.extensions_mut().insert(client);
    let mut response = router(users).call(request).await.unwrap();
    (response.status(), response.extensions_mut().remove())
}

#[tokio::test]
async fn every_route_wants_the_credentials_that_the_table_says() {
    let hash = crate::api::hash_password("right").unwrap();
    let ann = User { name: "ann".to_owned(), hash, role: Role::Reader };
    let readers = Users::new(vec![ann]).unwrap();
    let nobody = Users::default();
    for route in routes::table().routes() {
        let of_nobody = ask(&nobody, &route.method, route.path, None).await.0;
        let of_reader = ask(&readers, &route.method, route.path, Some("ann:right")).await.0;
        let of_operator = ask(&nobody, &route.method, route.path, Some("jenny:1234")).await.0;
        let expected = match route.access {
            Access::Everyone => [200, 200, 200],
            Access::Users => [401, 200, 200],
            Access::Operators => [401, 403, 200],
        };
        assert_eq!(
            [of_nobody, of_reader, of_operator].map(|status| status.as_u16()),
            expected,
            "{route:?}"
        );
    }
}

#[tokio::test]
async fn every_path_refuses_a_method_that_the_table_lacks() {
    let (table, nobody) = (routes::table(), Users::default());
    for route in table.routes() {
        let (status, problem) = ask(&nobody, &Method::PATCH, route.path, Some("jenny:1234")).await;
        let mut headers = HeaderMap::new();
        problem.unwrap().put_headers(&mut headers);
        assert_eq!(status, 405, "{route:?}");
        let allow = headers["allow"].to_str().unwrap();
        assert!(allow.split(", ").any(|method| method == route.method), "{route:?}: {allow}");
    }
}
