using System.CommandLine;
using Meshover.Controller.Backups;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;
using Meshover.Controller.Initialisation;
using Meshover.Controller.Stores;

namespace Meshover.Controller.Commands;

/// <summary>The command line of <c>meshover-controller</c>.</summary>
internal static class ControllerCommands
{
    /// <summary>The exit code for a command line or a configuration that cannot be used.</summary>
    public const int Unusable = 2;

    public static RootCommand Create() => new("The controller of a Meshover mesh: gives out addresses and AS numbers, and tells every node of all the others.")
    {
        Init(), Serve(), ConsoleCommand.Create(RunAsync), Backup(), Restore(), RotateKey(), RotateCa(), ConsoleTokenCommand.Create(RunAsync), ConsoleSessionCommand.Create(RunAsync),
    };

    private static Command Init()
    {
        var options = new CommonOptions();
        var command = new Command("init", "Make a mesh: keys, store and configuration. Prints the first join string, alone, on standard output.");
        options.AddPaths(command);
        options.AddSettings(command);
        options.AddPools(command);
        command.SetAction((parsed, cancel) => RunAsync(async () =>
        {
            var paths = options.PathsOf(parsed);
            var config = options.ConfigOf(parsed);
            var (join, console) = await Initialiser.RunAsync(config, paths, TimeProvider.System, cancel);
            await System.Console.Error.WriteLineAsync(
                $"The mesh was created ({paths.State}, {paths.Config}). Start it with `meshover-controller serve`, then run on each node:\n"
                + "meshover up --join STRING, with the string below. It admits any number of nodes for 24 hours; `meshover token list` and `token revoke` end it sooner.");
            await System.Console.Error.WriteLineAsync(
                $"{(config.Console?.BuiltIn ?? true ? $"The web console is at https://{console.Address}/." : ConsoleTokenCommand.NotBuiltIn)} This token signs in to it as administrator; it is kept nowhere and cannot be told again\n"
                + $"(`meshover-controller console-token` makes others):\n{console.Text}");
            System.Console.WriteLine(join);
        }));
        return command;
    }

    private static Command Serve()
    {
        var options = new CommonOptions();
        var command = new Command("serve", "Run the controller until it is told to stop (SIGTERM, Ctrl-C).");
        options.AddPaths(command);
        options.AddSettings(command);
        command.SetAction((parsed, cancel) => RunAsync(() => ControllerRunner.RunAsync(options.ConfigOf(parsed), options.PathsOf(parsed), cancel)));
        return command;
    }

    private static Command Backup()
    {
        var options = new CommonOptions();
        var file = new Argument<string>("FILE") { Description = "A new file; it will hold the mesh's keys, so keep it safe." };
        var command = new Command("backup", "Write the whole store, keys included, into one file; the controller may run meanwhile.") { file };
        options.AddPaths(command);
        command.SetAction((parsed, _) => RunAsync(() =>
        {
            StoreBackup.Write(options.PathsOf(parsed).Store, parsed.GetRequiredValue(file));
            return Task.CompletedTask;
        }));
        return command;
    }

    private static Command Restore()
    {
        var options = new CommonOptions();
        var file = new Argument<string>("FILE") { Description = "What `backup` wrote." };
        var replace = new Option<bool>("--replace") { Description = "Set aside a store that is already there (store.db.before-…)." };
        var adopt = new Option<string?>("--adopt")
        {
            Description = "Let nodes that joined since the backup come back by their credentials, for this long [default: they must join again]",
            HelpName = "DURATION",
        };
        var command = new Command("restore", "Make the store what a backup says, except that whoever was removed since stays out. Says what it could not know.") { file, replace, adopt };
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => RunAsync(async () =>
        {
            var period = ConfigReader.ReadAdoption(parsed.GetValue(adopt));
            var report = await StoreRestore.RunAsync(
                options.PathsOf(parsed), parsed.GetRequiredValue(file), parsed.GetValue(replace), period, TimeProvider.System, cancel);
            foreach (var line in report)
                await System.Console.Error.WriteLineAsync(line);
        }));
        return command;
    }

    private static Command RotateKey()
    {
        var options = new CommonOptions();
        var drop = new Option<bool>("--drop-former") { Description = "Join strings made before become void: for when others may have the key, or a backup." };
        var command = new Command("rotate-key", "Sign join tokens and credentials with a new key from now on; with the controller stopped.") { drop };
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => RunAsync(async () =>
            await System.Console.Error.WriteLineAsync(await KeyRotation.RunAsync(options.PathsOf(parsed), !parsed.GetValue(drop), TimeProvider.System, cancel))));
        return command;
    }

    private static Command RotateCa()
    {
        var options = new CommonOptions();
        var finish = new Option<bool>("--finish") { Description = "Put it into use, once every node has been connected since the first step." };
        var command = new Command("rotate-ca", "Make a new authority, the one that join strings pin, for the nodes to learn of; with the controller stopped.") { finish };
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => RunAsync(async () =>
            await System.Console.Error.WriteLineAsync(await AuthorityRotation.RunAsync(options.PathsOf(parsed), parsed.GetValue(finish), TimeProvider.System, cancel))));
        return command;
    }

    // What the user can mend is said in its own words; anything else is a defect and keeps its stack. As for `meshover`, a
    // configuration that cannot be used has a code of its own: a supervisor need not try it again.
    private static async Task<int> RunAsync(Func<Task> action)
    {
        try
        {
            await action();
            return Environment.ExitCode;
        }
        catch (Exception e) when (e is ConfigException or StartException or StoreException)
        {
            await System.Console.Error.WriteLineAsync($"meshover-controller: {e.Message}");
            return e is ConfigException ? Unusable : 1;
        }
    }
}
