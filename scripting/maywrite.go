package scripting

import "github.com/kevy-lua/kevy-lua/engine/command"

// mayWrite says of the row whether a call of it may lead to writes: not when the
// script or function has declared no-writes. A pause of writes lets such calls
// go on.
func (r *Runner) mayWrite(row string) func(args [][]byte) bool {
	switch row {
	case "eval":
		return func(args [][]byte) bool {
			_, f, err := scriptShebang(string(args[1]))
			return err != nil || !f.noWrites
		}
	case "evalsha":
		return func(args [][]byte) bool {
			sc := r.scripts.lookup(args[1])
			return sc == nil || !sc.flags.noWrites
		}
	case "fcall":
		return func(args [][]byte) bool {
			f := r.libs.function(args[1])
			return f == nil || !f.flags.noWrites
		}
	}
	return nil
}

// withMayWrite gives the rows what tells calls that write from others.
func (r *Runner) withMayWrite(rows []command.Spec) []command.Spec {
	for i := range rows {
		rows[i].MayWrite = r.mayWrite(rows[i].Name)
	}
	return rows
}
