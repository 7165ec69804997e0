// Package why says why each bit of a pol is set.
//
// What it says rests on three things, and on nothing else: what the steps before
// answered, how each socket stood after each of them ([scenario.State]), and what a
// twin answered, which is a run of the same script that is asked in the place of the pol
// what cannot be asked without a change: to receive, to send, to accept, or which
// error is pending. Where these do not establish a cause, it is [Unknown].
//
// The package is pure: whoever runs scripts makes the twins ([Questions]).
package why
