package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// replaceFile writes path anew, all or nothing. What is kept is the file's mode
// and, where that is allowed, its owner; a symbolic link stays one. What is no
// regular file, such as a pipe, is written to.
func replaceFile(path string, data []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return os.WriteFile(path, data, 0)
	}
	// A name of its own: one made from the file's could be longer than NAME_MAX.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".sockprobe-*")
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

// touch makes path if it is not there, to know that it can be.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return errors.Unwrap(err)
	}
	return f.Close()
}
