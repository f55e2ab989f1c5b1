package ctl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func (l *line) authVerb() *cobra.Command {
	switching := func(use, short, said string, do func(*cobra.Command, *clientv3.Client) error) *cobra.Command {
		return l.asking(use, short, func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
			if len(args) != 0 {
				return fmt.Errorf("auth %s command does not accept any arguments", use)
			}
			err := do(cmd, c)
			if err == nil && said != "" {
				fmt.Fprintln(l.term.Out(), said)
			}
			return err
		})
	}
	return group("auth", "Enable or disable authentication",
		switching("enable", "Enables authentication", "Authentication Enabled", func(cmd *cobra.Command, c *clientv3.Client) error {
			_, err := c.AuthEnable(cmd.Context())
			return err
		}),
		switching("disable", "Disables authentication", "Authentication Disabled", func(cmd *cobra.Command, c *clientv3.Client) error {
			_, err := c.AuthDisable(cmd.Context())
			return err
		}),
		switching("status", "Returns authentication status", "", func(cmd *cobra.Command, c *clientv3.Client) error {
			r, err := c.AuthStatus(cmd.Context())
			if err == nil {
				l.show.authStatus(r)
			}
			return err
		}))
}

// naming is a verb that takes names, as its use says.
func (l *line) naming(use, short string, run func(cmd *cobra.Command, c *clientv3.Client, names []string) error) *cobra.Command {
	return l.asking(use, short, func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != strings.Count(use, "<") {
			return fmt.Errorf("it is used like this: %s %s", cmd.Parent().Name(), use)
		}
		return run(cmd, c, args)
	})
}

func (l *line) userVerb() *cobra.Command {
	return group("user", "User related commands", l.userAddVerb(), l.passwdVerb(), l.userGetVerb(),
		l.naming("list", "Lists all users", func(cmd *cobra.Command, c *clientv3.Client, _ []string) error {
			r, err := c.UserList(cmd.Context())
			if err == nil {
				l.show.names(r, r.Users, "Users")
			}
			return err
		}),
		l.naming("delete <user name>", "Deletes a user", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
			r, err := c.UserDelete(cmd.Context(), n[0])
			return l.did(err, r, "User %s deleted\n", n[0])
		}),
		l.naming("grant-role <user name> <role name>", "Grants a role to a user", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
			r, err := c.UserGrantRole(cmd.Context(), n[0], n[1])
			return l.did(err, r, "Role %s is granted to user %s\n", n[1], n[0])
		}),
		l.naming("revoke-role <user name> <role name>", "Revokes a role from a user", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
			r, err := c.UserRevokeRole(cmd.Context(), n[0], n[1])
			return l.did(err, r, "Role %s is revoked from user %s\n", n[1], n[0])
		}))
}

// did shows the answer of something that was done, in the simple format by a sentence.
func (l *line) did(err error, r any, sentence string, of ...any) error {
	if err == nil {
		l.show.done(r, sentence, of...)
	}
	return err
}

func (l *line) userAddVerb() *cobra.Command {
	secret, none := "", false
	cmd := l.naming("add <user name or user:password>", "Adds a new user", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
		name, given, whole := n[0], secret, secret != "" || none
		if !whole {
			name, given, whole = strings.Cut(n[0], ":")
		}
		if name == "" {
			return errors.New("empty user name is not allowed")
		}
		if !whole {
			var err error
			if given, err = l.password(cmd, name); err != nil {
				return l.unlessStopped(cmd.Context(), err)
			}
		}
		r, err := c.UserAddWithOptions(cmd.Context(), name, given, &clientv3.UserAddOptions{NoPassword: none})
		return l.did(err, r, "User %s created\n", name)
	})
	cmd.Flags().StringVar(&secret, "new-user-password", "", "Supply password from the command line flag")
	cmd.Flags().BoolVar(&none, "no-password", false, "Create a user without password (CN based auth only)")
	return cmd
}

// password asks for a new one. It can be read while it is typed: a room is no place for secrets.
func (l *line) password(cmd *cobra.Command, name string) (string, error) {
	secret, err := l.term.Ask(cmd.Context(), "Password of "+name+" (it can be read here):")
	if err == nil && secret == "" {
		err = errors.New("empty password")
	}
	return secret, err
}

func (l *line) passwdVerb() *cobra.Command {
	return l.naming("passwd <user name>", "Changes password of user", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
		secret, err := l.password(cmd, n[0])
		if err != nil {
			return l.unlessStopped(cmd.Context(), err)
		}
		r, err := c.UserChangePassword(cmd.Context(), n[0], secret)
		return l.did(err, r, "Password updated\n")
	})
}

func (l *line) userGetVerb() *cobra.Command {
	detail := false
	cmd := l.naming("get <user name>", "Gets detailed information of a user", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
		r, err := c.UserGet(cmd.Context(), n[0])
		if err != nil {
			return err
		}
		if !detail {
			l.show.userGet(n[0], r)
			return nil
		}
		fmt.Fprintf(l.term.Out(), "User: %s\n", n[0])
		for _, role := range r.Roles {
			fmt.Fprintln(l.term.Out())
			r, err := c.RoleGet(cmd.Context(), role)
			if err != nil {
				return err
			}
			l.show.roleGet(role, r)
		}
		return nil
	})
	cmd.Flags().BoolVar(&detail, "detail", false, "Show permissions of roles granted to the user")
	return cmd
}

func (l *line) roleVerb() *cobra.Command {
	return group("role", "Role related commands", l.grantPermissionVerb(), l.revokePermissionVerb(),
		l.naming("list", "Lists all roles", func(cmd *cobra.Command, c *clientv3.Client, _ []string) error {
			r, err := c.RoleList(cmd.Context())
			if err == nil {
				l.show.names(r, r.Roles, "Roles")
			}
			return err
		}),
		l.naming("add <role name>", "Adds a new role", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
			r, err := c.RoleAdd(cmd.Context(), n[0])
			return l.did(err, r, "Role %s created\n", n[0])
		}),
		l.naming("delete <role name>", "Deletes a role", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
			r, err := c.RoleDelete(cmd.Context(), n[0])
			return l.did(err, r, "Role %s deleted\n", n[0])
		}),
		l.naming("get <role name>", "Gets detailed information of a role", func(cmd *cobra.Command, c *clientv3.Client, n []string) error {
			r, err := c.RoleGet(cmd.Context(), n[0])
			if err == nil {
				l.show.roleGet(n[0], r)
			}
			return err
		}))
}

// end is the end of the keys that a permission is about.
func (s *span) end(args []string) (string, error) {
	switch {
	case s.prefix && s.fromKey:
		return "", errors.New("--from-key and --prefix flags are mutually exclusive")
	case len(args) == 2 && s.prefix:
		return "", errors.New("unexpected endkey argument with --prefix flag")
	case len(args) == 2 && s.fromKey:
		return "", errors.New("unexpected endkey argument with --from-key flag")
	case len(args) == 2:
		return args[1], nil
	case s.prefix && args[0] != "":
		return clientv3.GetPrefixRangeEnd(args[0]), nil
	case s.prefix, s.fromKey:
		return "\x00", nil
	}
	return "", nil
}

func (l *line) grantPermissionVerb() *cobra.Command {
	var s span
	cmd := l.asking("grant-permission [options] <role name> <permission type> <key> [endkey]", "Grants a key to a role",
		func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
			if len(args) != 3 && len(args) != 4 {
				return errors.New("role grant command requires role name, permission type, and key [endkey] as its argument")
			}
			perm, err := clientv3.StrToPermissionType(args[1])
			if err != nil {
				return err
			}
			end, err := s.end(args[2:])
			if err != nil {
				return err
			}
			r, err := c.RoleGrantPermission(cmd.Context(), args[0], args[2], end, perm)
			return l.did(err, r, "Role %s updated\n", args[0])
		})
	s.of(cmd.Flags())
	return cmd
}

func (l *line) revokePermissionVerb() *cobra.Command {
	var s span
	cmd := l.asking("revoke-permission <role name> <key> [endkey]", "Revokes a key from a role", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 2 && len(args) != 3 {
			return errors.New("role revoke-permission command requires role name and key [endkey] as its argument")
		}
		end, err := s.end(args[1:])
		if err != nil {
			return err
		}
		r, err := c.RoleRevokePermission(cmd.Context(), args[0], args[1], end)
		switch end {
		case "":
			return l.did(err, r, "Permission of key %s is revoked from role %s\n", args[1], args[0])
		case "\x00":
			return l.did(err, r, "Permission of range [%s, <open ended> is revoked from role %s\n", args[1], args[0])
		}
		return l.did(err, r, "Permission of range [%s, %s) is revoked from role %s\n", args[1], end, args[0])
	})
	s.of(cmd.Flags())
	return cmd
}
