using System.Collections.Immutable;
using System.Net;

namespace Meshover.Agent.Configuration;

/// <summary>Understands settings, from wherever they came, as one configuration; goes on past an error and reports them all.</summary>
public static class AgentConfigBuilder
{
    /// <exception cref="ConfigurationException">Anything that cannot be used, all of it at once.</exception>
    public static AgentConfig Build(IEnumerable<RawSetting> settings)
    {
        var errors = ImmutableArray.CreateBuilder<string>();
        var config = Build(settings, errors);
        return errors.Count == 0 ? config : throw new ConfigurationException(errors.ToImmutable());
    }

    internal static AgentConfig Build(IEnumerable<RawSetting> settings, ImmutableArray<string>.Builder errors)
    {
        var config = AgentConfig.Default;
        foreach (var raw in settings)
            config = Apply(config, raw, errors);
        foreach (var twice in config.Announcements.Select(of => of.Prefix).Intersect(config.Announce))
            errors.Add($"announcements: {twice} is in \"announce\" as well, which announces it on no condition; take it out of one of them.");
        return WithPorts(config);
    }

    private static AgentConfig Apply(AgentConfig config, RawSetting raw, ImmutableArray<string>.Builder errors)
    {
        if (AgentSettings.Find(raw.Name) is not { } setting)
        {
            errors.Add(Unknown(raw));
            return config;
        }
        // Nothing, or one empty text, means "as if it were not there": so a flag can take back what an earlier `up` set.
        if (raw.Values is [] or [""])
            return config;
        if (!setting.IsList && raw.Values.Length > 1)
        {
            errors.Add($"{raw.Where}: \"{raw.Name}\" takes one value, not {raw.Values.Length}.");
            return config;
        }
        try
        {
            return setting.Apply(config, raw.Values);
        }
        catch (FormatException e)
        {
            errors.Add($"{raw.Where}: {e.Message}");
            return config;
        }
    }

    private static string Unknown(RawSetting raw)
    {
        var meant = NearMiss.Find(raw.Name, AgentSettings.All.Select(s => s.Name));
        var advice = meant is null ? $"the settings are {string.Join(", ", AgentSettings.All.Select(s => s.Name))}." : $"did you mean \"{meant}\"?";
        return $"{raw.Where}: there is no setting \"{raw.Name}\"; {advice}";
    }

    /// <summary>An endpoint without a port is at the port that WireGuard listens on.</summary>
    private static AgentConfig WithPorts(AgentConfig config) => config with
    {
        Endpoints = [.. config.Endpoints.Select(e => e.Port == 0 ? new IPEndPoint(e.Address, config.ListenPort) : e)],
    };
}
