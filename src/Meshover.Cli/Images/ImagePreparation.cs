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
    /// <param name="force">Also where this machine is a member of a mesh.</param>
    /// <param name="cancellationToken">Ends the waiting; the command can be run again.</param>
    /// <exception cref="CliException">It is a member. Nothing was changed.</exception>
    /// <exception cref="AggregateException">As of `down`.</exception>
    public async Task RunAsync(JoinString? join, bool force, CancellationToken cancellationToken)
    {
        var store = new IdentityStore(paths.StateDirectory);
        var identity = store.Load();
        if (identity is { IsEnrolled: true } && !force)
        {
            throw new CliException("This machine is a member of a mesh. `meshover leave` signs it off, and then this can be run again; with --force it is only "
                + "forgotten here. Nothing was changed.");
        }
        var settings = SharedSettings(identity);
        await new DownSequence(paths, services, time, say).RunAsync(cancellationToken);
        store.Delete();
        Leave(paths.ConfigFile, settings);
        Leave(paths.JoinFile, join?.ToString());
    }

    /// <summary>What `up` wrote, without what belongs to one machine. Null where there is nothing to write: no settings, or the user's own file.</summary>
    private string? SharedSettings(NodeIdentity? identity)
    {
        var file = File.Exists(paths.ConfigFile) ? File.ReadAllText(paths.ConfigFile) : null;
        if (file is not null && !AgentYaml.IsOurs(file))
            return null;
        var settings = AgentConfigFile.ParseSettings(file ?? identity?.Settings ?? "", paths.ConfigFile).Values.ToLookup(setting => OfOneMachine.Contains(setting.Name));
        if (settings[true].Any())
            say($"Not in the image, as it is this machine's own: {string.Join(", ", settings[true].Select(setting => setting.Name).Order(StringComparer.Ordinal))}.");
        return settings[false].Any() ? AgentYaml.Render(settings[false]) : null;
    }

    private static void Leave(string path, string? text)
    {
        if (text is null)
            return;
        AtomicFile.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
    }
}
