using System.CommandLine;
using Meshover.Agent.Announcing.Declared;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;

namespace Meshover.Cli.Announcing;

/// <summary><c>meshover announce</c> and <c>meshover withdraw</c>: the keys of the setting <c>announcements</c> as flags.</summary>
internal static class AnnounceCommands
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Flags of the same names as the keys.</summary>
    private static readonly (string Key, string Value, string Help)[] Keys =
    [
        ("check", "http://…|https://…|tcp:HOST:PORT|cmd:…", "It is announced while this succeeds: a URL answers with 200 to 399, a port accepts, a program ends with 0."),
        ("interval", "DURATION", "From one check to the next, 100ms to 1h [default: 1s]."),
        ("timeout", "DURATION", "What a check may take [default: half the interval, at most 1s]."),
        ("rise", "COUNT", "So many checks in a row that succeed bring it back [default: 2]."),
        ("fall", "COUNT", "So many checks in a row that fail withdraw it [default: 3]."),
        ("priority", "NUMBER", "With --active-standby: the living node with the greatest has it, 1-255 [default: 100]."),
    ];

    public static Command[] Create() => [Announce(), Withdraw()];

    private static ExampleCommand Announce()
    {
        var prefix = PrefixArgument();
        var keys = Keys.Select(key => (key.Key, Option: new Option<string>($"--{key.Key}") { Description = key.Help, HelpName = key.Value })).ToArray();
        var anycast = new Option<bool>("--anycast") { Description = "Other nodes announce it, too: packets go to the nearest." };
        var standby = new Option<bool>("--active-standby") { Description = "One of several nodes has it, by priority; another takes over when that one is gone." };
        var routed = new Option<bool>("--routed") { Description = "The address of a host is behind this node: it is not put on an interface of it." };
        var lifetime = new Option<string>("--for") { Description = "Withdraws it by itself after this time, e.g. 30m.", HelpName = "DURATION" };
        var command = new ExampleCommand(
            "announce", "Announces a prefix or a floating address within this node's grants, until `meshover withdraw`; over restarts, too. "
                + "The address of a host (/32 or /128) is put on an interface of this node while it is announced from here. Exit code: 0 it is announced, or stands by; 3 not yet.",
            "meshover announce 10.9.0.1/32 --check http://127.0.0.1:8080/healthz --active-standby --priority 200",
            "meshover announce 10.9.0.53/32 --check 'cmd:dig +time=1 @127.0.0.1 example.org' --interval 2s --anycast",
            "meshover announce 10.64.7.0/24 --for 2h")
        {
            prefix, anycast, standby, routed, lifetime,
        };
        foreach (var (_, option) in keys)
            command.Add(option);
        command.SetAction((parsed, cancel) =>
        {
            if (parsed.GetValue(anycast) && parsed.GetValue(standby))
                throw new CliException("--anycast and --active-standby contradict each other: of the first all nodes have the prefix, of the second one.", ExitCode.Usage);
            (string, string?)[] given =
            [
                ("prefix", parsed.GetValue(prefix)), .. keys.Select(key => (key.Key, parsed.GetValue(key.Option))),
                ("mode", parsed.GetValue(anycast) ? "anycast" : parsed.GetValue(standby) ? "active-standby" : null), ("address", parsed.GetValue(routed) ? "false" : null),
            ];
            return AnnounceAsync(parsed.Paths(), AnnouncementText.Of(given), parsed.GetValue(lifetime), cancel);
        });
        return command;
    }

    private static ExampleCommand Withdraw()
    {
        var prefix = PrefixArgument();
        var command = new ExampleCommand("withdraw", "Announces no more what `meshover announce` announced.", "meshover withdraw 10.9.0.1/32") { prefix };
        command.SetAction(async (parsed, cancel) =>
        {
            DaemonHost.RequireRoot("withdraw", "asks the agent, which answers only root");
            var text = parsed.GetValue(prefix)!;
            await LocalCall.AskAsync(parsed.Paths(), Patience, (agent, options) => agent.WithdrawAsync(new WithdrawRequest { Prefix = text }, options), cancel);
            await Console.Out.WriteLineAsync($"{text} is announced no more.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static Argument<string> PrefixArgument() => new("PREFIX") { Description = "Such as 10.64.7.0/24, or the address of a host." };

    private static async Task<int> AnnounceAsync(NodePaths paths, string declaration, string? lifetime, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("announce", "asks the agent, which answers only root");
        var (of, seconds) = AnnouncementText.Read(declaration, lifetime);
        var answer = await LocalCall.AskAsync(
            paths, Patience, (agent, options) => agent.AnnounceAsync(new AnnounceRequest { Declaration = declaration, LifetimeSeconds = seconds }, options), cancellationToken);
        await Console.Out.WriteLineAsync(Terminal.Safe(answer switch
        {
            { Announced: false } => $"{of.Prefix} is not announced yet: {answer.Reason}.",
            { Role: "standby" } => $"{of.Prefix}: another node has it, or this one is about to; it stands by.",
            _ => $"{of.Prefix} is announced.",
        }));
        return answer.Announced ? ExitCode.Fine : ExitCode.Degraded;
    }
}
