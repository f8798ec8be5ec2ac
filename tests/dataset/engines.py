"""The engines that read a dataset, and the queries that all of them must give the same results for."""

import json
import warnings

# `{records}` is the table, `{millis}` the time of a block in milliseconds since the epoch,
# `{id}` the id of a record, and `{height}` that of a block.
QUERIES = {
    "count": "SELECT count(*), count(DISTINCT height), sum(record_bytes), max(height) FROM {records}",
    "times": "SELECT min({millis}), max({millis}) FROM {records}",
    "record": "SELECT height, block_hash, index, record FROM {records} WHERE record_id = '{id}' ORDER BY height, index",
    "block": "SELECT index, record_id, record_bytes FROM {records} WHERE height = {height} ORDER BY index",
    "words": "SELECT count(*) FROM {records} WHERE record LIKE '%valve%'",
    "repeated": "SELECT record_id, count(*) FROM {records} GROUP BY record_id HAVING count(*) > 1 ORDER BY count(*) DESC, record_id",
    "series": "SELECT height - (height - 1) % 100, count(*), sum(record_bytes) FROM {records}"
    " WHERE height >= 1 GROUP BY height - (height - 1) % 100 ORDER BY 1",
    "largest": "SELECT record_bytes, height, index FROM {records} ORDER BY record_bytes DESC, height, index LIMIT 20",
}

S3 = {
    "key": "a-key",
    "secret": "a-secret",
    "region": "us-east-1",
}


class Engine:
    """Runs a query on the files of a directory, or below `s3://bucket/prefix` at an endpoint."""

    millis = ""

    def rows(self, query, **values):
        text = QUERIES[query].format(records=self.records, millis=self.millis, **values)
        return [tuple(row) for row in self.run(text)]

    def close(self):
        pass


class DuckDB(Engine):
    millis = "epoch_ms(timestamp)"

    def __init__(self, place, endpoint=None):
        import duckdb

        self.version = f"DuckDB {duckdb.__version__}"
        self.connection = duckdb.connect()
        self.records = f"read_parquet('{place}/records/*.parquet')"
        if endpoint:
            import duckdb_extensions

            duckdb_extensions.import_extension("httpfs", con=self.connection)
            self.connection.execute(
                f"CREATE SECRET (TYPE s3, KEY_ID '{S3['key']}', SECRET '{S3['secret']}', REGION '{S3['region']}',"
                f" ENDPOINT '{endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)"
            )

    def run(self, text):
        return self.connection.execute(text).fetchall()


class Spark(Engine):
    millis = "unix_millis(timestamp)"
    records = "records"

    def __init__(self, place, endpoint=None):
        warnings.simplefilter("ignore", FutureWarning)
        import pyspark
        from pyspark.sql import SparkSession

        assert endpoint is None, "Spark reads S3 by a Java library that PyPI does not have"
        self.version = f"Spark {pyspark.__version__}"
        settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "4", "spark.driver.memory": "2g"}
        builder = SparkSession.builder.master("local[2]").appName("jenny-dataset")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")
        self.session.read.parquet(f"{place}/records/*.parquet").createOrReplaceTempView("records")

    def run(self, text):
        return self.session.sql(text).collect()

    def close(self):
        self.session.stop()


class DataFusion(Engine):
    millis = "to_unixtime(timestamp) * 1000 + CAST(date_part('millisecond', timestamp) AS BIGINT) % 1000"
    records = "records"

    def __init__(self, place, endpoint=None):
        import datafusion

        self.version = f"DataFusion {datafusion.__version__}"
        self.context = datafusion.SessionContext()
        if endpoint:
            from datafusion.object_store import AmazonS3

            bucket = place.removeprefix("s3://").split("/")[0]
            store = AmazonS3(
                bucket_name=bucket, access_key_id=S3["key"], secret_access_key=S3["secret"], region=S3["region"],
                endpoint=endpoint, allow_http=True,
            )
            self.context.register_object_store("s3://", store, bucket)
        self.context.register_parquet("records", f"{place}/records/")

    def run(self, text):
        batches = self.context.sql(text).collect()
        return [tuple(row.values()) for batch in batches for row in self.plain(batch)]

    @staticmethod
    def plain(batch):
        # Columns of the same name would fall together in a dictionary.
        return batch.rename_columns([str(at) for at in range(batch.num_columns)]).to_pylist()


class ClickHouse(Engine):
    millis = "toUnixTimestamp64Milli(timestamp)"

    def __init__(self, place, endpoint=None):
        import chdb

        self.version = f"ClickHouse {chdb.engine_version} (chdb {chdb.__version__})"
        self.query = chdb.query
        self.records = f"file('{place}/records/*.parquet', Parquet)"
        if endpoint:
            url = endpoint + "/" + place.removeprefix("s3://")
            self.records = f"s3('{url}/records/*.parquet', '{S3['key']}', '{S3['secret']}', 'Parquet')"

    def run(self, text):
        settings = " SETTINGS output_format_json_quote_64bit_integers = 0"
        lines = str(self.query(text + settings, "JSONCompactEachRow")).splitlines()
        return [json.loads(line) for line in lines]


ENGINES = {"duckdb": DuckDB, "spark": Spark, "datafusion": DataFusion, "clickhouse": ClickHouse}


def answers(engine, **values):
    """The results of all queries."""
    return {query: engine.rows(query, **values) for query in QUERIES}
