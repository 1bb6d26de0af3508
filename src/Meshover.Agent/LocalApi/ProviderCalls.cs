using System.Collections.Immutable;
using System.Net;
using Grpc.Core;
using Meshover.Agent.Announcing.Kernel;
using Meshover.Agent.Announcing.Provided;
using Meshover.Contract.V1;

namespace Meshover.Agent.LocalApi;

/// <summary>The calls of programs that tell what is to be announced, each for as long as its program lives.</summary>
internal sealed class ProviderCalls(ProviderTable table)
{
    /// <summary>Of a line of `status`.</summary>
    private const int LongestStatus = 400;

    /// <exception cref="RpcException">It cannot be understood, or may not speak: why.</exception>
    public async Task<ProvideResponse> HearAsync(IAsyncStreamReader<ProvideUpdate> updates, CancellationToken cancellationToken)
    {
        ProviderVoice? voice = null;
        try
        {
            while (await updates.MoveNext(cancellationToken))
            {
                var update = updates.Current;
                // Read whole before anything of it is taken.
                var (prefixes, words) = (Prefixes(update), Words(update));
                voice ??= Join(update.Provider);
                if (update.Provider != voice.Name)
                    throw Misunderstood($"the call began as \"{voice.Name}\", and goes on as \"{update.Provider}\"");
                voice.Tell(prefixes, words);
            }
            return new ProvideResponse();
        }
        catch (AgentException e)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, e.Message));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "The program has gone."));
        }
        finally
        {
            voice?.Dispose();
        }
    }

    private ProviderVoice Join(string name)
    {
        if (ProviderName.Problem(name) is { } problem)
            throw Misunderstood(problem);
        return table.Join(name);
    }

    private static ImmutableArray<IPNetwork>? Prefixes(ProvideUpdate update)
    {
        if (update.Prefixes is not { } told)
            return null;
        // Those beyond what one source may announce are left out by name; a flood is taken from nobody.
        if (told.Prefix.Count > 2 * FoundPrefixes.Most)
            throw Misunderstood($"{told.Prefix.Count} prefixes are more than the {FoundPrefixes.Most} that a source may announce");
        return [.. told.Prefix.Select(Prefix).Distinct()];
    }

    // Not as .NET reads it: that takes the zone of an address along, as in fd44::%5/64, which nothing below can use.
    private static IPNetwork Prefix(string text) => Mesh.Addressing.Prefixes.TryParse(text, out var prefix, out var error) ? prefix : throw Misunderstood(error);

    private static string Words(ProvideUpdate update)
    {
        var words = string.Concat(update.Status.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
        return words.Length > LongestStatus ? $"{words[..LongestStatus]}…" : words;
    }

    private static RpcException Misunderstood(string why) => new(new Status(StatusCode.InvalidArgument, $"Nothing of it was taken: {why}."));
}
