# Google's published protos for Spanner and what they import, with gRPC stubs, as one library.

inputs="tools/setup/protos.sh tools/setup/protos/CMakeLists.txt"
if ! done_before protos $inputs || [ ! -e "$deps/lib/libks_protos.a" ]; then
  say "generating and compiling Google's Spanner protos (about 4 minutes)"
  fetch_npm google-proto-files 6.0.1 \
    fbvUWVNh3rKGlVFWwlUNF7Sk1Tah0a89q02rLTXsWjbKKHGeuURAa8tl9rvu5TyWny1YiSIo5eDqF260Tai6vQ==
  protos=$deps/protos.new
  rm -rf "$protos"
  mkdir -p "$protos/proto" "$protos/include" "$deps/lib"
  quietly "" tar xzf "$archive" -C "$protos/proto" --no-same-owner --strip-components=1 \
    package/google
  files=$(
    cd "$protos/proto/google"
    printf 'google/%s\n' spanner/v1/*.proto spanner/admin/{database,instance}/v1/*.proto \
      longrunning/operations.proto iam/v1/*.proto rpc/{code,status,error_details}.proto \
      type/{date,expr,timeofday}.proto api/{annotations,client,field_behavior,field_info}.proto \
      api/{http,httpbody,launch_stage,resource,routing,visibility}.proto
  )
  hint="protoc 3.21 or newer and its gRPC plugin (protobuf-compiler-grpc) are needed"
  quietly "$hint" protoc -I"$protos/proto" --cpp_out="$protos/include" \
    --grpc_out="$protos/include" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" $files
  quietly "$hint" cmake -G Ninja -S tools/setup/protos -B "$protos/build" \
    -DKS_PROTOS_DIR="$protos" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_ARCHIVE_OUTPUT_DIRECTORY="$deps/lib"
  quietly "" cmake --build "$protos/build" -j2
  rm -rf "$protos/build" "$deps/protos"
  mv "$protos" "$deps/protos"
  mark_done protos $inputs
fi
