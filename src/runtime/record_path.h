// RecordPath: from Kafka's messages to rows in lanes, for one partition: decode, transform, append. Written by
// record_path.cc over formats/ and pipeline/.
// Thread safety: one data thread.
#pragma once
