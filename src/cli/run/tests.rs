//! How a run ends.

use super::*;

#[tokio::test]
async fn a_stop_that_takes_too_long_is_no_unclean_end() {
    let dir = tempfile::tempdir().unwrap();
    let left = |stopped| {
        api_address::leave(dir.path(), "http://127.0.0.1:1");
        let stopped = stopped_in_order(dir.path(), stopped);
        (stopped.is_ok(), api_address::is_left(dir.path()))
    };
    let late = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await;
    assert_eq!(left(Ok(Ok(()))), (true, false));
    assert_eq!(left(Err(late.unwrap_err())), (false, false));
    assert_eq!(left(Ok(Err(anyhow::anyhow!("the database failed")))), (false, true));
}
