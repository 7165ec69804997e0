package main

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"sockprobe/kernel"
	"sockprobe/ops"
	"sockprobe/scenario"
)

// completeSteps offers the verbs for the last step of a list, or the arguments of its
// verb. Long names are offered where no short one begins as the word that is typed.
func completeSteps(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	done, last := typed[:strings.LastIndexByte(typed, ',')+1], typed[strings.LastIndexByte(typed, ',')+1:]
	verb, arg, hasArg := strings.Cut(last, ":")
	var short, long []cobra.Completion
	for _, v := range ops.Verbs() {
		switch {
		case hasArg && v.IsCalled(verb):
			short = completeArgument(done+verb+":", arg, v.Arg)
		case hasArg:
		case strings.HasPrefix(v.Name, verb) && v.Long != "":
			short = append(short, cobra.CompletionWithDesc(done+v.Name, v.Long+": "+v.Doc))
		case strings.HasPrefix(v.Name, verb):
			short = append(short, cobra.CompletionWithDesc(done+v.Name, v.Doc))
		case strings.HasPrefix(v.Long, verb):
			long = append(long, cobra.CompletionWithDesc(done+v.Long, v.Name+": "+v.Doc))
		}
	}
	if len(short) == 0 {
		short = long
	}
	return short, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// completeArgument offers the words of an argument, which stands behind done.
func completeArgument(done, typed string, arg *scenario.Argument) []cobra.Completion {
	if arg == nil {
		return nil
	}
	begun, words := typed[:strings.LastIndexAny(typed, "+/")+1], arg.Words
	if begun != "" {
		words = arg.After
	}
	var out []cobra.Completion
	for _, word := range words {
		out = append(out, done+begun+word)
	}
	return out
}

// completeKernels offers the kernels that are here, and files.
func completeKernels(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return kernel.Names(), cobra.ShellCompDirectiveDefault
}

// needsBashCompletion is what the bash script is for, and says where that is missing: without it
// each TAB would print an error of bash's instead.
const needsBashCompletion = `# sockprobe: what follows needs functions of the package bash-completion.
if ! declare -F _get_comp_words_by_ref >/dev/null && ! declare -F _init_completion >/dev/null; then
    echo 'sockprobe: completion needs the package bash-completion, loaded before this script' >&2
fi

`

// mendCompletion corrects two things about cobra's completion command: it takes
// a shell that it does not know for a request for help, and exits 0; and its bash
// script lets nothing with a comma in it be completed. And it has the script, and its help, say
// what the script needs.
func mendCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	must(err)
	completion.Args = noArguments
	completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }

	bash, _, err := root.Find([]string{"completion", "bash"})
	must(err)
	bash.Long = bashHelp
	bash.RunE = func(cmd *cobra.Command, _ []string) error {
		bare, err := cmd.Flags().GetBool("no-descriptions")
		must(err)
		var script bytes.Buffer
		if err := root.GenBashCompletionV2(&script, !bare); err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(append([]byte(needsBashCompletion), withCommas(script.Bytes())...))
		return err
	}
}

const bashHelp = `The script completes commands, flags, steps and their arguments in bash.

It needs the package bash-completion (apt-get install bash-completion), loaded
before it. Without that the script says so when it is loaded, and every TAB
fails. "make install" puts the script where bash-completion finds it.

In the shell that runs:

    source <(sockprobe completion bash)

For every new shell of this user:

    mkdir -p ~/.local/share/bash-completion/completions
    cd ~/.local/share/bash-completion/completions
    sockprobe completion bash >sockprobe
`

// escaped finds the places where the bash script escapes a candidate.
var escaped = regexp.MustCompile(`(?m)^(\s*)(?:printf -v (comp) "%q"|(COMPREPLY\[0\])=\$\(printf "%q").*$`)

// withCommas undoes the escaping of commas: bash's printf %q escapes them, for
// they mean something inside braces, but they are typed, and so to be matched,
// as they are.
func withCommas(script []byte) []byte {
	return escaped.ReplaceAll(script, []byte("$0\n${1}$2$3=$${$2$3//\\\\,/,}"))
}
