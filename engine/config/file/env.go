package file

import (
	"regexp"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// EnvFile names the configuration file. It is the only variable with the prefix that is no parameter;
// who calls Load reads it.
const EnvFile = config.EnvPrefix + "CONFIG"

// serviceLink matches the variables that Kubernetes, as Docker did, puts into every container for each
// service of the namespace: a service named kevy gives KEVY_PORT=tcp://10.0.0.1:6379 and more. They are
// nobody's mistake and must not keep the server from starting.
var serviceLink = regexp.MustCompile(`^KEVY_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

func isServiceLink(name, value string) bool {
	if !serviceLink.MatchString(name) {
		return false
	}
	if _, known := config.LookupEnv(name); !known {
		return true
	}
	return strings.Contains(value, "://") // KEVY_SERVER_PORT, of a service named kevy-server
}

func envNames() []string {
	var names []string
	for _, p := range config.Params() {
		names = append(names, p.Env())
	}
	return names
}
