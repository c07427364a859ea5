package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// What the help of every command says, unless it says it itself.
const (
	exitCodes = "Exit code 0 when it was done; 2 when the command line, or what is named on it, is at fault."
	asJSON    = "What it prints as JSON is described by \"greenchannel schema %\"."
)

// completeHelp adds to the help of a command that does something which exit codes it has and where its JSON is described.
func completeHelp(command *cobra.Command) {
	if command.Example == "" { // it only leads to others
		return
	}
	said := command.Long
	if said == "" {
		said = command.Short + "."
	}
	_, name, _ := strings.Cut(command.CommandPath(), " ")
	if _, err := answerOf(name); err == nil {
		said += "\n\n" + strings.Replace(asJSON, "%", name, 1)
	}
	if !strings.Contains(said, "xit code") {
		said += "\n\n" + exitCodes
	}
	command.Long = said
}
