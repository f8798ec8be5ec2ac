//! The longer texts of `--help`.

pub(crate) const DATASET_ABOUT: &str = "\
jenny-dataset writes the records of a chain as Parquet files, which Spark,
Trino, ClickHouse, DuckDB and DataFusion read.

Results go to standard output, everything else to standard error.";

pub(crate) const DATASET_AFTER: &str = "\
Examples:
  jenny-dataset export --from /var/lib/jenny --to /srv/records
  jenny-dataset export --from http://127.0.0.1:3000 --to s3://bucket/records
  jenny-dataset verify --of /srv/records

Exit codes:
  0    success
  1    a check failed, or an operation failed
  2    usage error
  3    another process holds the dataset or the database
  4    the manifest or the database is damaged
  5    a newer version wrote the dataset or the database
  130  interrupted

`jenny-dataset SUBCOMMAND --help` describes a subcommand.";

pub(crate) const DATASET_EXPORT: &str = "\
Adds the new full ranges of a chain to a dataset: for every range of
--range-blocks blocks one file with a row for each record, and the manifest that
names it. Run it from time to time; each run continues where the last one ended.

A file is written once, when all its blocks have --depth blocks above them.
Blocks of a range that is not full yet are not written. Without a new range it
changes nothing.

The source is the data directory of a stopped node, or the URL of a running one,
where the role `reader` suffices. The dataset is in a folder, which is made if
its parent exists, or in a bucket of S3 or a compatible store.

Killed at any point and run again, it ends with the same files. It is refused if
the last block of the dataset is not on the main chain of the source.";

pub(crate) const DATASET_EXPORT_AFTER: &str = "\
S3 is set by the usual variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL (of a compatible store) and
AWS_ALLOW_HTTP=true (for http:// endpoints). Without credentials it takes those
of the machine's or the container's role.

Examples:
  jenny-dataset export --from /var/lib/jenny --to /srv/records
  jenny-dataset export --from /var/lib/jenny --to /srv/records --read-only
  jenny-dataset export --from http://10.0.0.7:3000 --user analyst \\
    --password-file ./analyst.password --to s3://bucket/records

Exit codes:
  0    success, also without a new range
  1    the source or the dataset is unreachable or refused the request; the
       dataset ends with a block that is not on the main chain
  2    usage error; the dataset is of another chain or of other --range-blocks
  3    another export writes to the dataset, or a running node holds the
       database: use its URL
  4    the manifest or the database is damaged
  5    a newer version wrote the dataset or the database
  130  interrupted: run the same command again";

pub(crate) const DATASET_VERIFY: &str = "\
Reads every file of a dataset and compares its length and its SHA-256 with the
manifest. It also reports files that a query of records/*.parquet would read and
that are not in the manifest.";

pub(crate) const DATASET_VERIFY_AFTER: &str = "\
Examples:
  jenny-dataset verify --of /srv/records
  jenny-dataset verify --of s3://bucket/records

Exit codes:
  0    every file is as it was written
  1    a file is missing, another one or not in the manifest; or the dataset
       cannot be read
  2    usage error; there is no dataset
  4    the manifest is damaged
  5    a newer version wrote the dataset
  130  interrupted";
