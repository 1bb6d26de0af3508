using System.CommandLine;

namespace Meshover.Cli.Administration;

/// <summary>Options of every administration command.</summary>
internal static class AdminOptions
{
    public const string DefaultSocket = "/run/meshover-controller/admin.sock";

    public static Option<string> Socket { get; } = new("--admin-socket")
    {
        Description = "The controller's admin socket.",
        HelpName = "PATH",
        DefaultValueFactory = _ => DefaultSocket,
        Recursive = true,
    };

    /// <summary>Why something is changed; a new one each time.</summary>
    public static Option<string> Reason() => new("--reason") { Description = "Why, for the audit: a line of at most 200 characters [default: names the operation].", HelpName = "TEXT" };

    /// <summary>A new one each time: an option belongs to one command.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON instead of text." };
}
