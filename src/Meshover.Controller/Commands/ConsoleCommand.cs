using System.CommandLine;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;

namespace Meshover.Controller.Commands;

/// <summary><c>console</c>: the web console in a process of its own.</summary>
internal static class ConsoleCommand
{
    private const string Examples = """
        Examples:
          meshover-controller console
          meshover-controller console --listen 192.0.2.7:443 --certificate /etc/ssl/mesh.pem --key /etc/ssl/mesh.key
          ssh -NC -o ServerAliveInterval=10 -o ExitOnForwardFailure=yes -o StreamLocalBindUnlink=yes \
            -L /run/mesh.sock:/run/meshover-controller/admin.sock root@controller &
          meshover-controller console --socket /run/mesh.sock
        """;

    public static Command Create(Func<Func<Task>, Task<int>> run)
    {
        var file = new Option<string>("--config") { Description = "Configuration file", DefaultValueFactory = _ => ApartConfig.DefaultFile };
        var listen = new Option<string?>("--listen") { Description = $"Where browsers come [default: port {ApartConfig.DefaultPort} of all addresses, IPv6 and IPv4]", HelpName = "ADDRESS:PORT" };
        var socket = new Option<string?>("--socket") { Description = $"The controller's admin socket [default: {new ControllerPaths().AdminSocket}]", HelpName = "PATH" };
        var certificate = new Option<string?>("--certificate") { Description = "Certificate chain (PEM) [default: one that is made at each start, which browsers do not know]", HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = "Its private key (PEM)", HelpName = "FILE" };
        var command = new Command("console",
            "Serve the web console from a process of its own, until it is told to stop (SIGTERM, Ctrl-C). It reaches the controller, which must be of the same release, by its admin socket; "
            + $"from another machine by one that ssh leads there.\n\n{Examples}") { file, listen, socket, certificate, key };
        command.SetAction((parsed, cancel) => run(() =>
        {
            var config = ConfigFile.ReadApart(parsed.GetRequiredValue(file));
            return ApartRunner.RunAsync(config with
            {
                Listen = parsed.GetValue(listen) ?? config.Listen,
                Socket = parsed.GetValue(socket) ?? config.Socket,
                Certificate = parsed.GetValue(certificate) ?? config.Certificate,
                Key = parsed.GetValue(key) ?? config.Key,
            }, cancel);
        }));
        return command;
    }
}
