//! Tests.

use std::convert::Infallible;

use http::Request;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

use super::*;

async fn fragile(request: Request<&'static str>) -> Result<Response<Empty<Bytes>>, Infallible> {
    tokio::task::yield_now().await;
    assert_ne!(*request.body(), "panic", "on purpose");
    Ok(Response::new(Empty::new()))
}

#[tokio::test]
async fn a_panic_is_answered_as_a_problem_and_the_service_goes_on() {
    let mut service = CatchPanicLayer::custom(OnPanic).layer(service_fn(fragile));
    for (body, status) in [("panic", 500), ("fine", 200), ("panic", 500), ("fine", 200)] {
        let response = service.ready().await.unwrap().call(Request::new(body)).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.extensions().get::<Problem>().is_some(), status == 500);
    }
}
