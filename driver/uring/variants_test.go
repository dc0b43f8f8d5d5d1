//go:build linux

package uring

import (
	"errors"
	"testing"

	"github.com/rouse-go/rouse/driver"
	"github.com/rouse-go/rouse/driver/drivertest"
	"github.com/rouse-go/rouse/internal/uring"
)

// made returns a driver, or skips where there is no io_uring.
func made(t testing.TB, cfg Config) *Driver {
	t.Helper()
	d, err := New(cfg)
	if errors.Is(err, driver.ErrNotSupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func lacking(fs ...uring.Feature) (set uint32) {
	for _, f := range fs {
		set |= 1 << f
	}
	return set
}

// variants are the kernels and the settings that the default is not: what a
// newer kernel has is left out, and what is plenty is made scarce.
var variants = []struct {
	name string
	cfg  Config
	long bool // not with -short
}{
	{"NoRecvMany", Config{without: lacking(uring.FeatureRecvMany)}, true},
	{"NoAcceptMany", Config{without: lacking(uring.FeatureAcceptMany)}, true},
	{"NoQuiet", Config{without: lacking(uring.FeatureQuiet)}, true},
	{"NoSyncCancel", Config{without: lacking(uring.FeatureSyncCancel)}, true},
	{"NoAllocate", Config{without: lacking(uring.FeatureAllocate)}, true},
	// Linux 5.19: the oldest that has buffer rings.
	{"Oldest", Config{
		without: ^lacking(uring.FeatureBufferRings),
		mask:    uring.SetupSingleIssuer | uring.SetupDeferTaskrun | uring.SetupNoSQArray | uring.SetupDisabled,
	}, false},
	{"NoDeferTaskrun", Config{
		mask: uring.SetupSingleIssuer | uring.SetupDeferTaskrun | uring.SetupNoSQArray | uring.SetupDisabled,
	}, true},
	{"NoFlags", Config{mask: ^uint32(0)}, true},
	{"ZeroCopy", Config{ZeroCopy: 1}, true},
	{"ZeroCopyNoQuiet", Config{ZeroCopy: 1, without: lacking(uring.FeatureQuiet)}, true},
	{"Tiny", Config{Entries: 8, Buffers: 64, BufferSize: 1024}, false},
	{"TinyOldest", Config{
		Entries: 8, Buffers: 64, BufferSize: 1024,
		without: ^lacking(uring.FeatureBufferRings), mask: ^uint32(0),
	}, true},
	{"TinyZeroCopy", Config{Entries: 8, Buffers: 64, BufferSize: 1024, ZeroCopy: 1}, true},
}

func TestVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			if v.long && testing.Short() {
				t.Skip("-short")
			}
			drivertest.Run(t, func(t *testing.T) driver.Driver { return made(t, v.cfg) }, drivertest.Options{})
		})
	}
}
