package file

import (
	"flag"
	"os"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

var writeSample = flag.Bool("write-sample", false, "write kevy-lua.toml at the top of the repository from config.Sample")

func TestWriteSample(t *testing.T) {
	if !*writeSample {
		t.Skip("only with -write-sample")
	}
	if err := os.WriteFile("../../../kevy-lua.toml", config.Sample(), 0o644); err != nil {
		t.Fatal(err)
	}
}
