package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	database "cloud.google.com/go/spanner/admin/database/apiv1"
	"cloud.google.com/go/spanner/admin/database/apiv1/databasepb"
	instance "cloud.google.com/go/spanner/admin/instance/apiv1"
	"cloud.google.com/go/spanner/admin/instance/apiv1/instancepb"
)

const comesUpWithin = time.Minute

func withLocal(counts []int) (map[string]rate, error) {
	data, err := os.MkdirTemp("", "go_client_bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	server := exec.Command(*program, "spanner", "--data", data, "--listen", "127.0.0.1:0",
		"--output", "json")
	output, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer end(server)
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *program, err)
	}
	var started struct{ Address string }
	if err := json.Unmarshal(line, &started); err != nil {
		return nil, fmt.Errorf("%s: %w", line, err)
	}
	return runSide(context.Background(), started.Address, counts)
}

func withEmulator(counts []int) (map[string]rate, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	free.Close()
	server := exec.Command(*emulator, "--host_port="+address)
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer end(server)
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			break
		}
		if time.Since(begun) > comesUpWithin {
			return nil, err
		}
	}
	return runSide(context.Background(), address, counts)
}

func end(server *exec.Cmd) {
	server.Process.Signal(os.Interrupt)
	server.Wait()
}

func createDatabase(ctx context.Context) error {
	instances, err := instance.NewInstanceAdminClient(ctx)
	if err != nil {
		return err
	}
	defer instances.Close()
	creating, err := instances.CreateInstance(ctx, &instancepb.CreateInstanceRequest{
		Parent: "projects/bench", InstanceId: "bench",
		Instance: &instancepb.Instance{
			Config:      "projects/bench/instanceConfigs/emulator-config",
			DisplayName: "bench", NodeCount: 1,
		},
	})
	if err != nil {
		return err
	}
	if _, err := creating.Wait(ctx); err != nil {
		return err
	}
	databases, err := database.NewDatabaseAdminClient(ctx)
	if err != nil {
		return err
	}
	defer databases.Close()
	created, err := databases.CreateDatabase(ctx, &databasepb.CreateDatabaseRequest{
		Parent: "projects/bench/instances/bench", CreateStatement: "CREATE DATABASE bench",
		ExtraStatements: []string{
			"CREATE TABLE Kv (K INT64 NOT NULL, V INT64, S STRING(MAX)) PRIMARY KEY (K)",
		},
	})
	if err != nil {
		return err
	}
	_, err = created.Wait(ctx)
	return err
}
