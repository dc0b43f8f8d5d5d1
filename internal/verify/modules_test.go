package main

import (
	"slices"
	"strings"
	"testing"
)

func TestPackages(t *testing.T) {
	all, err := parsePackages([]byte(`{"Dir":"/x/a","ImportPath":"a","TestGoFiles":["a_test.go"]}
{"Dir":"/x/b","ImportPath":"b","XTestGoFiles":["b_test.go","c_test.go"]}`))
	if err != nil || len(all) != 2 || len(all[0].tests()) != 1 || len(all[1].tests()) != 2 {
		t.Errorf("%v %v", all, err)
	}
	if _, err := parsePackages([]byte("{")); err == nil {
		t.Error("half a package is taken")
	}
}

// The fuzz targets of the repository are found.
func TestFindsTargets(t *testing.T) {
	t.Chdir("../..")
	mods, err := findModules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	targets, err := fuzzTargets(mods)
	if err != nil {
		t.Fatal(err)
	}
	found := func(pkg, name string) bool {
		return slices.ContainsFunc(targets, func(t target) bool { return strings.HasSuffix(t.pkg, pkg) && t.name == name })
	}
	if len(mods) < 2 || !found("/internal/wheel", "FuzzWheel") || !found("/kvd/internal/resp", "FuzzParser") {
		t.Errorf("%d modules; targets %v", len(mods), targets)
	}
	t.Chdir(t.TempDir())
	if _, err := findModules(t.Context()); err == nil {
		t.Error("a folder without modules is taken")
	}
}
