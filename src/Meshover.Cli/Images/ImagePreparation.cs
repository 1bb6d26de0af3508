using System.Collections.Frozen;
using System.Text;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Down;
using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Up;
using Meshover.Mesh.Trust;

namespace Meshover.Cli.Images;

/// <summary>
/// The steps of `prepare-image`: what `down` does; then the identity goes, and the settings that copies may share come back, with a join
/// string for their first boot. Two machines with one identity would take each other's place at the controller for ever.
/// </summary>
internal sealed class ImagePreparation(NodePaths paths, INodeServices services, TimeProvider time, Action<string> say)
{
    private static readonly FrozenSet<string> OfOneMachine = FrozenSet.Create(StringComparer.Ordinal, "hostname", "endpoint", "announce");

    /// <param name="join">Left for the first boot; null: none.</param>
    /// <param name="signOff">Ends the membership; null: a member is refused.</param>
    /// <param name="cancellationToken">Ends the waiting; the command can be run again.</param>
    /// <exception cref="CliException">It is a member. Nothing was changed.</exception>
    /// <exception cref="AggregateException">As of `down`; the settings are kept.</exception>
    public async Task RunAsync(JoinString? join, Func<Task>? signOff, CancellationToken cancellationToken)
    {
        var store = new IdentityStore(paths.StateDirectory);
        var identity = store.Load();
        if (identity is { IsEnrolled: true } && signOff is null)
            throw new CliException("This machine is a member of a mesh: with --leave it leaves that first. Nothing was changed.");
        var settings = SharedSettings(identity);
        if (identity is { IsEnrolled: true })
            await signOff!();
        try
        {
            await new DownSequence(paths, services, time, say).RunAsync(cancellationToken);
            store.Delete();
        }
        finally
        {
            Leave(paths.ConfigFile, settings);
        }
        if (join is null)
            RuntimeFiles.Delete(paths.JoinFile);
        Leave(paths.JoinFile, join?.ToString());
    }

    /// <summary>What `up` wrote, without what belongs to one machine. Null where there is nothing to write: no settings, or the user's own file.</summary>
    private string? SharedSettings(NodeIdentity? identity)
    {
        var file = File.Exists(paths.ConfigFile) ? File.ReadAllText(paths.ConfigFile) : null;
        var settings = AgentConfigFile.ParseSettings(file ?? identity?.Settings ?? "", paths.ConfigFile).Values.ToLookup(setting => OfOneMachine.Contains(setting.Name));
        var own = string.Join(", ", settings[true].Select(setting => setting.Name).Order(StringComparer.Ordinal));
        var isUsers = file is not null && !AgentYaml.IsOurs(file);
        if (own.Length > 0)
            say(isUsers ? $"{paths.ConfigFile} is your own and stays: in each copy it will say {own}, which is this machine's own." : $"Not in the image, as it is this machine's own: {own}.");
        return isUsers || !settings[false].Any() ? null : AgentYaml.Render(settings[false]);
    }

    private static void Leave(string path, string? text)
    {
        if (text is null)
            return;
        AtomicFile.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
    }
}
