// The client with which the AWS CLI opens sessions, as its own main.go makes it, from its published module. That has no
// go.mod: the versions of what it imports are named here.
package main

import (
	"os"

	"github.com/aws/session-manager-plugin/src/sessionmanagerplugin/session"
	_ "github.com/aws/session-manager-plugin/src/sessionmanagerplugin/session/shellsession"
)

func main() { session.ValidateInputAndStartSession(os.Args, os.Stdout) }
