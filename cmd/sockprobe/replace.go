package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"sockprobe/scenario"
)

// replaceFile writes path anew, all or nothing. What is kept is the file's mode
// and, where that is allowed, its owner; a symbolic link stays one.
func replaceFile(path string, data []byte) error {
	if len(data) > scenario.MaxFileSize {
		return fault("shorten the script", "with its answers it is more than the %d bytes that are read", scenario.MaxFileSize)
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".*"+filepath.Base(path))
	if err != nil {
		return errors.Unwrap(err) // of a name that nobody gave
	}
	defer os.Remove(tmp.Name()) // gone already if all went well
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = tmp.Chown(int(stat.Uid), int(stat.Gid)) // refused to all but root, and then not needed
	}
	if err := errors.Join(tmp.Chmod(info.Mode().Perm()), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
