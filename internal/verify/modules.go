package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A module of the repository, by its directory.
type module struct {
	dir      string
	packages []pkg
}

// A pkg is a part of what go list says of a package.
type pkg struct {
	Dir, ImportPath           string
	TestGoFiles, XTestGoFiles []string
}

// tests are the files of its tests.
func (p *pkg) tests() []string { return slices.Concat(p.TestGoFiles, p.XTestGoFiles) }

// listTime is how long go list may take, for all modules: it may have to fetch
// what they require.
const listTime = 5 * time.Minute

// findModules lists the modules below the current directory, which must be the
// root of the repository, and their packages.
func findModules(ctx context.Context) (mods []module, err error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 1 && d.Name()[0] == '.'):
			return fs.SkipDir
		case d.Name() == "go.mod":
			mods = append(mods, module{dir: filepath.Dir(path)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// "." sorts before every name: the root comes first.
	slices.SortFunc(mods, func(a, b module) int { return strings.Compare(a.dir, b.dir) })
	if len(mods) == 0 || mods[0].dir != "." {
		return nil, errors.New("there is no go.mod here; run it at the root of the repository")
	}
	for i := range mods {
		m := &mods[i]
		cmd := exec.CommandContext(ctx, "go", "list", "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles", "./...")
		cmd.Dir = m.dir
		out, err := cmd.Output()
		if err == nil {
			m.packages, err = parsePackages(out)
		}
		if err != nil {
			return nil, fmt.Errorf("go list in %s: %w", m.dir, err)
		}
	}
	return mods, nil
}

func parsePackages(list []byte) (all []pkg, err error) {
	dec := json.NewDecoder(bytes.NewReader(list))
	for {
		var p pkg
		switch err := dec.Decode(&p); err {
		case nil:
			all = append(all, p)
		case io.EOF:
			return all, nil
		default:
			return nil, err
		}
	}
}
