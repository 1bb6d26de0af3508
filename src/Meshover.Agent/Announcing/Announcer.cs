using System.Collections.Immutable;
using System.Threading.Channels;

namespace Meshover.Agent.Announcing;

/// <summary>Brings what the sources want announced into the agent's state, whenever one of them wants something else.</summary>
internal sealed class Announcer(ImmutableArray<IAnnouncementSource> sources, ChannelWriter<AgentInput> inputs)
{
    public AnnouncementSet Current => new() { Sources = [.. sources.Select(source => source.Current)] };

    /// <param name="told">What the state has.</param>
    public async Task RunAsync(AnnouncementSet told, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = sources.Select(source => source.Changed).ToArray();
            var current = Current;
            if (current != told)
                await inputs.WriteAsync(new AgentInput.AnnouncementsChanged(current), cancellationToken);
            told = current;
            await Task.WhenAny(changed).WaitAsync(cancellationToken);
        }
    }
}
