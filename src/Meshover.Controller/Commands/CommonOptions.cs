using System.CommandLine;
using Meshover.Controller.Configuration;

namespace Meshover.Controller.Commands;

/// <summary>The options that several commands share; the names are those of the configuration file.</summary>
internal sealed class CommonOptions
{
    private readonly Option<string> _config = new("--config") { Description = $"Configuration file [default: {ControllerPaths.DefaultConfig}]", DefaultValueFactory = _ => ControllerPaths.DefaultConfig };
    private readonly Option<string> _state = new("--state") { Description = $"Directory of the store [default: {ControllerPaths.DefaultState}]", DefaultValueFactory = _ => ControllerPaths.DefaultState };
    private readonly Option<string> _run = new("--run") { Description = $"Directory of the admin socket [default: {ControllerPaths.DefaultRun}]", DefaultValueFactory = _ => ControllerPaths.DefaultRun };
    private readonly Option<string[]> _address = new("--address") { Description = "Where nodes reach this controller: HOST or HOST:PORT, repeatable [default: the machine's global addresses]", HelpName = "HOST[:PORT]" };
    private readonly Option<string?> _listen = new("--listen") { Description = "Local address to listen on [default: all, IPv6 and IPv4]" };
    private readonly Option<int?> _port = new("--port") { Description = $"TCP port [default: {ControllerConfig.DefaultPort}]" };
    private readonly Option<string?> _pool4 = new("--pool4") { Description = "IPv4 node addresses [default: 10.249.0.0/16]", HelpName = "CIDR" };
    private readonly Option<string?> _pool6 = new("--pool6") { Description = "IPv6 node addresses [default: a random unique local /48]", HelpName = "CIDR" };
    private readonly Option<string?> _tunnelPool = new("--tunnel-pool") { Description = "Ends of the GRE links [default: 198.18.0.0/15]", HelpName = "CIDR" };
    private readonly Option<string?> _workload4 = new("--workload-pool4") { Description = "IPv4 prefixes for nodes that announce auto/LENGTH [default: none]", HelpName = "CIDR" };
    private readonly Option<string?> _workload6 = new("--workload-pool6") { Description = "The same of IPv6 [default: none]", HelpName = "CIDR" };
    private readonly Option<string?> _asn = new("--asn") { Description = "AS numbers [default: 4200000000-4294967294]", HelpName = "FIRST-LAST" };
    private readonly Option<string?> _rest = new("--rest") { Description = "How long to hold a removed node's numbers [default: 24h]", HelpName = "DURATION" };
    private readonly Option<string?> _lifetime = new("--credential-lifetime") { Description = "How long a node's credential is valid [default: 1h]", HelpName = "DURATION" };
    private readonly Option<string?> _skew = new("--clock-skew") { Description = "By how much clocks may differ [default: 5m]", HelpName = "DURATION" };
    private readonly Option<string?> _metricsListen = new("--metrics-listen") { Description = $"Where to serve metrics and the graph by plain HTTP, or off [default: 127.0.0.1:{ControllerConfig.DefaultMetricsPort}]", HelpName = "ADDRESS:PORT" };
    private readonly Option<string?> _otlpEndpoint = new("--otlp-endpoint") { Description = "Collector of traces, by OpenTelemetry's protocol over HTTP [default: none]", HelpName = "URL" };
    private readonly Option<string?> _certificate = new("--certificate") { Description = "Certificate chain (PEM) for every TLS name except that of the nodes", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--key") { Description = "Its private key (PEM)", HelpName = "FILE" };

    public void AddPaths(Command command)
    {
        foreach (var option in new Option[] { _config, _state, _run })
            command.Options.Add(option);
    }

    public void AddSettings(Command command)
    {
        foreach (var option in new Option[] { _address, _listen, _port, _workload4, _workload6, _rest, _lifetime, _skew, _metricsListen, _otlpEndpoint, _certificate, _key })
            command.Options.Add(option);
    }

    public void AddPools(Command command)
    {
        foreach (var option in new Option[] { _pool4, _pool6, _tunnelPool, _asn })
            command.Options.Add(option);
    }

    public ControllerPaths PathsOf(ParseResult parsed) => new()
    {
        Config = parsed.GetRequiredValue(_config),
        State = parsed.GetRequiredValue(_state),
        Run = parsed.GetRequiredValue(_run),
    };

    /// <summary>The configuration file's values, with the flags over them.</summary>
    /// <exception cref="ConfigException">The file is not to be read.</exception>
    public ControllerConfig ConfigOf(ParseResult parsed)
    {
        var file = ConfigFile.Read(PathsOf(parsed).Config);
        return file with
        {
            Address = parsed.GetValue(_address) is { Length: > 0 } addresses ? [.. addresses] : file.Address,
            Listen = parsed.GetValue(_listen) ?? file.Listen,
            Port = parsed.GetValue(_port) ?? file.Port,
            Pool4 = parsed.GetValue(_pool4) ?? file.Pool4,
            Pool6 = parsed.GetValue(_pool6) ?? file.Pool6,
            TunnelPool = parsed.GetValue(_tunnelPool) ?? file.TunnelPool,
            WorkloadPool4 = parsed.GetValue(_workload4) ?? file.WorkloadPool4,
            WorkloadPool6 = parsed.GetValue(_workload6) ?? file.WorkloadPool6,
            Asn = parsed.GetValue(_asn) ?? file.Asn,
            Rest = parsed.GetValue(_rest) ?? file.Rest,
            CredentialLifetime = parsed.GetValue(_lifetime) ?? file.CredentialLifetime,
            ClockSkew = parsed.GetValue(_skew) ?? file.ClockSkew,
            MetricsListen = parsed.GetValue(_metricsListen) ?? file.MetricsListen,
            OtlpEndpoint = parsed.GetValue(_otlpEndpoint) ?? file.OtlpEndpoint,
            Certificate = parsed.GetValue(_certificate) ?? file.Certificate,
            Key = parsed.GetValue(_key) ?? file.Key,
        };
    }
}
