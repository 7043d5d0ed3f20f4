// HashiCorp Vault as a small program, for the tests: its own core and HTTP API with the KV engine,
// AppRole logins and nothing else. Everything lies in memory. Usage: vault HOST:PORT
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	api "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

var factories = map[string]logical.Factory{"kv": kv.Factory, "approle": approle.Factory}

// builtins tells Vault's catalog of plugins what is compiled in.
type builtins struct{}

func (builtins) Contains(name string, _ consts.PluginType) bool { return factories[name] != nil }

func (builtins) Get(name string, _ consts.PluginType) (func() (any, error), bool) {
	factory, known := factories[name]
	return func() (any, error) { return factory, nil }, known
}

func (builtins) Keys(consts.PluginType) []string { return []string{"kv", "approle"} }

func (builtins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, true
}

func main() {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Warn})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		log.Fatal(err)
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		BuiltinRegistry:    builtins{},
		Physical:           storage,
		Logger:             logger,
		DisableMlock:       true,
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory},
		CredentialBackends: map[string]logical.Factory{"approle": approle.Factory},
	})
	if err != nil {
		log.Fatal(err)
	}
	handler := api.Handler.Handler(&vault.HandlerProperties{
		Core: core, ListenerConfig: &configutil.Listener{}})
	log.Fatal(http.ListenAndServe(os.Args[1], handler))
}
