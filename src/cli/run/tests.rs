//! How a run ends.

use super::*;

#[tokio::test]
async fn a_stop_that_takes_too_long_is_no_unclean_end() {
    let dir = tempfile::tempdir().unwrap();
    let left = async |stopped| {
        let mark = RunMark::of(dir.path());
        mark.leave();
        let stopped = stopped_in_order(&mark, stopped).await;
        (stopped.is_ok(), api_address::is_left(dir.path()))
    };
    let late = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await;
    assert_eq!(left(Ok(Ok(()))).await, (true, false));
    assert_eq!(left(Err(late.unwrap_err())).await, (false, false));
    assert_eq!(left(Ok(Err(anyhow::anyhow!("the database failed")))).await, (false, true));
}

#[tokio::test]
async fn a_refused_start_leaves_the_mark_of_the_run_before_and_none_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    for was_there in [false, true] {
        if was_there {
            api_address::leave(dir.path(), Some("http://127.0.0.1:1"));
        }
        let mark = RunMark::of(dir.path());
        mark.leave();
        assert!(api_address::is_left(dir.path()));
        assert_eq!(mark.is_unclean(), was_there);
        mark.withdraw().await;
        assert_eq!(api_address::is_left(dir.path()), was_there);
    }
}

#[tokio::test]
async fn a_start_that_was_stopped_leaves_no_mark_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let mark = RunMark::of(dir.path());
    mark.withdraw().await;
    mark.leave();
    assert!(!api_address::is_left(dir.path()));
}
