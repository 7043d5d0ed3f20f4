module kafka-spanner/bench/go_client

go 1.26.0
