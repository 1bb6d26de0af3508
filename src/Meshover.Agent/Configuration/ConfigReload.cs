using System.Collections.Immutable;
using System.Threading.Channels;
using Meshover.Agent.Announcing;
using Meshover.Agent.Announcing.Declared;

namespace Meshover.Agent.Configuration;

/// <summary>Reads the settings anew while the agent runs. All but what is announced and the neighbours outside are fixed with its start.</summary>
/// <param name="started">What the agent was started with.</param>
/// <param name="declare">Takes what is announced on conditions.</param>
/// <param name="read">Reads them again from where those came; throws <see cref="ConfigurationException"/>.</param>
internal sealed class ConfigReload(AgentConfig started, Func<AgentConfig> read, ConfiguredAnnouncements announcements, Action<ImmutableArray<DeclaredAnnouncement>> declare, ChannelWriter<AgentInput> inputs, AgentLoop loop) : IDisposable
{
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <returns>The generation that works by them; null where a setting changed that needs a restart: nothing is taken then.</returns>
    /// <exception cref="ConfigurationException">They cannot be used; nothing is taken.</exception>
    public async Task<long?> ReloadAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return await TakeAsync(cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task<long?> TakeAsync(CancellationToken cancellationToken)
    {
        var config = await ReadAsync(cancellationToken);
        if (config with { Announce = started.Announce, Announcements = started.Announcements, Neighbors = started.Neighbors } != started)
            return null;
        announcements.Take(config.Announce);
        declare(config.Announcements);
        await inputs.WriteAsync(new AgentInput.NeighborsChanged(config.Neighbors), cancellationToken);
        var state = await loop.WaitForAsync(
            state => state.Announcements.Sources.Contains(announcements.Current) && state.Neighbors.SequenceEqual(config.Neighbors), cancellationToken);
        return state.Wanted.Generation;
    }

    /// <summary>What cannot be used is told as an event, too: who wrote it may not be who reads this answer.</summary>
    private async Task<AgentConfig> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var config = read();
            await inputs.WriteAsync(new AgentInput.SettingsRead(""), cancellationToken);
            return config;
        }
        catch (ConfigurationException e)
        {
            await inputs.WriteAsync(new AgentInput.SettingsRead(SettingsWatch.Problem(e)), cancellationToken);
            throw;
        }
    }
}
