//! Which requests get the condition.

use object_store::client::HttpRequestBody;

use super::*;

#[test]
fn only_the_end_of_an_upload_is_conditional() {
    let of = |method: Method, uri: &str| {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().unwrap();
        completes_upload(&request)
    };
    let uri = "http://s3/bucket/key?uploadId=1";
    assert!(of(Method::POST, uri));
    assert!(of(Method::POST, "http://s3/bucket/key?x=1&uploadId=1"));
    for method in [Method::PUT, Method::GET, Method::DELETE] {
        assert!(!of(method, uri));
    }
    assert!(!of(Method::POST, "http://s3/bucket/key?uploads"));
    assert!(!of(Method::POST, "http://s3/bucket/uploadId=1"));
}
