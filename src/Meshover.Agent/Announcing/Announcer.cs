using System.Collections.Immutable;
using System.Threading.Channels;
using Meshover.Agent.Announcing.Provided;

namespace Meshover.Agent.Announcing;

/// <summary>Brings what the sources want announced into the agent's state, whenever one of them wants something else.</summary>
/// <param name="sources">The agent's own.</param>
/// <param name="providers">Programs beside it, which come and go.</param>
/// <param name="inputs">Of the agent's loop.</param>
internal sealed class Announcer(ImmutableArray<IAnnouncementSource> sources, ProviderTable providers, ChannelWriter<AgentInput> inputs)
{
    public AnnouncementSet Current => new() { Sources = [.. sources.Select(source => source.Current), .. providers.Current] };

    /// <param name="told">What the state has.</param>
    public async Task RunAsync(AnnouncementSet told, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task[] changed = [.. sources.Select(source => source.Changed), providers.Changed];
            var current = Current;
            if (current != told)
                await inputs.WriteAsync(new AgentInput.AnnouncementsChanged(current), cancellationToken);
            told = current;
            await Task.WhenAny(changed).WaitAsync(cancellationToken);
        }
    }
}
