using System.Net;

namespace Meshover.Controller.Configuration;

/// <summary>What a console that runs apart goes by.</summary>
/// <param name="Listen">Where browsers come.</param>
/// <param name="Socket">The controller's admin socket.</param>
/// <param name="Served">Certificate and provider, checked as a controller's own.</param>
internal sealed record ApartOptions(IPEndPoint Listen, string Socket, ControllerOptions Served)
{
    /// <exception cref="ConfigException">With every violation.</exception>
    public static ApartOptions Read(ApartConfig config)
    {
        var violations = new List<string>();
        if (config.Console?.BuiltIn is not null)
            violations.Add("console.builtIn: is a setting of the controller: put it into its controller.yaml.");
        IPEndPoint? listen = new(System.Net.Sockets.Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, ApartConfig.DefaultPort);
        if (config.Listen is { } text && !ConfigReader.TryReadEndPoint(text, out listen))
            violations.Add($"listen: \"{text}\" is not ADDRESS:PORT, such as [::]:{ApartConfig.DefaultPort} or 127.0.0.1:{ApartConfig.DefaultPort}.");
        try
        {
            var served = ConfigReader.Read(new ControllerConfig { Certificate = config.Certificate, Key = config.Key, Console = config.Console });
            if (violations.Count == 0)
                return new ApartOptions(listen!, config.Socket ?? new ControllerPaths().AdminSocket, served);
        }
        catch (ConfigException e)
        {
            violations.AddRange(e.Violations);
        }
        throw new ConfigException(violations);
    }
}
