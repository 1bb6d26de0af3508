using System.Collections.Immutable;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Backends;

/// <summary>
/// Engines in which something was made for FRR, by a file that outlives FRR's directory: what an engine that was away did not take away is
/// not forgotten, be it by a change of the place, a killed process or `meshover down`.
/// </summary>
internal sealed class FrrPlaces(Func<FrrBackendConfig, IFrrBackend> backendOf, FrrFiles files)
{
    public IFrrBackend Of(FrrBackendConfig config) => backendOf(config);

    /// <summary>To be called before anything is made there.</summary>
    /// <exception cref="RoutingException">It cannot be written down.</exception>
    public void Remember(FrrBackendConfig place)
    {
        if (place.Kind is FrrBackendKind.Process or FrrBackendKind.None || files.Places.Contains(EngineOf(place))) return;
        Keep([.. files.Places, EngineOf(place)]);
    }

    /// <summary>Takes away all that was made.</summary>
    /// <exception cref="RoutingException">Something could not be taken away, and is remembered.</exception>
    public Task ClearAsync(CancellationToken ct) => ClearAsync(FrrBackendConfig.Process, except: null, ct);

    /// <summary>Takes away all that was made but for one home.</summary>
    /// <param name="place">Where that is.</param>
    /// <exception cref="RoutingException">Something could not be taken away, and is remembered.</exception>
    public async Task ClearAsync(FrrBackendConfig place, IFrrHome? except, CancellationToken ct)
    {
        List<RoutingException> failures = [];
        foreach (var engine in files.Places)
        {
            try
            {
                await Of(engine).ClearAsync(except, ct);
                if (engine != EngineOf(place)) Keep(files.Places.Remove(engine));
            }
            catch (RoutingException e)
            {
                failures.Add(e);
            }
        }
        if (failures is [var first, ..]) throw new RoutingException(string.Join("; ", failures.Select(failure => failure.Message))) { Kind = first.Kind };
    }

    private void Keep(ImmutableArray<FrrBackendConfig> places)
    {
        try
        {
            files.Places = places;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoutingException($"where containers of FRR are cannot be written down: {e.Message}", e);
        }
    }

    /// <summary>Whichever the image: what was made is found by its label.</summary>
    private static FrrBackendConfig EngineOf(FrrBackendConfig place) => place with { Image = "" };
}
