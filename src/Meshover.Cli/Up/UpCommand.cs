using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Microsoft.Extensions.Logging;

namespace Meshover.Cli.Up;

/// <summary><c>meshover up</c></summary>
internal static class UpCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var join = new Option<string?>("--join")
        {
            Description = $"The join string; @FILE or - (stdin) keep it out of the process list, as does the variable {JoinSource.Variable}.",
            HelpName = "STRING|@FILE|-",
        };
        var disableSystemFrr = new Option<bool>("--disable-system-frr")
        {
            Description = "Stop the distribution's own FRR where it runs unconfigured; `down` starts it again.",
        };
        var noWait = new Option<bool>("--no-wait") { Description = "Return when the daemons run, without waiting for peers." };
        var timeout = new Option<int>("--timeout")
        {
            Description = "How long to try controllers that do not answer, in seconds.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => (int)DefaultTimeout.TotalSeconds,
        };
        timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 3600)
                result.AddError("--timeout must be from 1 to 3600 seconds.");
        });
        var settings = new SettingOptions();
        var command = new ExampleCommand(
            "up", "Joins this machine to a mesh, or brings it back to its mesh, and starts the daemons. Settings from an earlier `up` hold until changed; an empty value resets one.",
            "meshover up --join mo1.…",
            "meshover up --join @/root/join --announce 10.64.1.0/24 --site tokyo",
            "meshover up --announce ''        (the same node, announcing nothing more; no restart)")
        {
            join, disableSystemFrr, noWait, timeout,
        };
        settings.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new UpRequest
            {
                Paths = parsed.Paths(),
                Join = JoinSource.Read(parsed.GetValue(join), Environment.GetEnvironmentVariable(JoinSource.Variable), Console.In, cancellationToken),
                Flags = settings.Read(parsed),
                DisableSystemFrr = parsed.GetValue(disableSystemFrr),
                Wait = !parsed.GetValue(noWait),
                Timeout = TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            },
            parsed.GetValue(GlobalOptions.Debug),
            cancellationToken));
        return command;
    }

    /// <summary>Ctrl-C ends it between two steps, or takes the present one back.</summary>
    private static async Task<int> RunAsync(UpRequest request, bool debug, CancellationToken interrupted)
    {
        DaemonHost.RequireRoot("up");
        var time = TimeProvider.System;
        using var loggers = Logs.Create(debug);
        await NodeElsewhere.RefuseAsync(request.Paths, time, interrupted);
        var services = NodeServices.For(request.Paths, time);
        var systemFrr = new SystemFrrSwitch(request.Paths, time);
        await new UpSequence(request, services, systemFrr, loggers.CreateLogger("up"), time, Console.Error.WriteLine).RunAsync(interrupted);
        return await new UpWait(request.Paths, time, Console.Error.WriteLine).UntilReadyAsync(request.Wait, interrupted);
    }
}
