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

type Stubbed = Router<tower::util::ServiceFn<Stub>>;

/// A router that responds with 200 to every request that passes.
fn router(users: &Users) -> Stubbed {
    let auth = Auth::new(users, true).unwrap();
    let (hosts, answers) = (Hosts::default(), ResponseMemory::new());
    let table = routes::table();
    let requests = Arc::new(RequestCounts::new(table.paths()));
    let rules = Arc::new(Rules { hosts, auth, is_read_only: false, answers, table, requests });
    let stub: Stub = |request| {
        assert!(request.extensions().get::<Matched>().is_some());
        std::future::ready(Ok(Response::default()))
    };
    Router::new(rules, service_fn(stub))
}

async fn ask(
    router: &Stubbed,
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
    let mut response = router.clone().call(request).await.unwrap();
    (response.status(), response.extensions_mut().remove())
}

#[tokio::test]
async fn every_route_wants_the_credentials_that_the_table_says() {
    let hash = crate::api::hash_password("right").unwrap();
    let roles = [Role::Monitor, Role::Reader, Role::Writer];
    let users = roles.map(|role| User { name: role.to_string(), hash: hash.clone(), role });
    let users = router(&Users::new(users.to_vec()).unwrap());
    let nobody = router(&Users::default());
    for route in routes::table().routes() {
        let of_nobody = ask(&nobody, &route.method, route.path, None).await.0;
        let expected = if route.access == Access::Everyone { 200 } else { 401 };
        assert_eq!(of_nobody, expected, "{route:?}");
        for role in roles {
            let credentials = format!("{role}:right");
            let of_user = ask(&users, &route.method, route.path, Some(&credentials)).await.0;
            let expected = route.access.lacking(Some(role)).map_or(200, |_| 403);
            assert_eq!(of_user, expected, "{role} on {route:?}");
        }
        let of_operator = ask(&nobody, &route.method, route.path, Some("jenny:1234")).await.0;
        assert_eq!(of_operator, 200, "{route:?}");
    }
}

#[tokio::test]
async fn every_path_refuses_a_method_that_the_table_lacks() {
    let (table, nobody) = (routes::table(), router(&Users::default()));
    for route in table.routes() {
        let (status, problem) = ask(&nobody, &Method::PATCH, route.path, Some("jenny:1234")).await;
        let mut headers = HeaderMap::new();
        problem.unwrap().put_headers(&mut headers);
        assert_eq!(status, 405, "{route:?}");
        let allow = headers["allow"].to_str().unwrap();
        assert!(allow.split(", ").any(|method| method == route.method), "{route:?}: {allow}");
    }
}
