using System.CommandLine;
using Meshover.Kube.Watching;

namespace Meshover.Kube;

/// <summary>The command line of <c>meshover-kube</c>.</summary>
internal static class KubeCommands
{
    /// <summary>The exit code for a command line that cannot be used.</summary>
    public const int Unusable = 2;

    private const int Failed = 1;

    public static RootCommand Create()
    {
        var node = new Option<string>("--node") { Description = "The node's name in the cluster. Default: $NODE_NAME, else this machine's hostname, whole and in small letters." };
        var source = new Option<string>("--source") { Description = "node: the Node object; ciliumnode: Cilium's; auto: Cilium's where the cluster has that kind of object.", DefaultValueFactory = _ => "auto" };
        source.AcceptOnlyFromAmong("auto", "node", "ciliumnode");
        var kubeconfig = new Option<string>("--kubeconfig") { Description = $"How to reach the API server: one file, no list of them. Default: $KUBECONFIG, else the pod's service account, else {KubeOptions.UsualKubeconfig}." };
        var token = new Option<string>("--token-file") { Description = "A file with the bearer token, read anew for each call; instead of token and certificate of the kubeconfig." };
        var socket = new Option<string>("--socket") { Description = "The agent's local API.", DefaultValueFactory = _ => KubeOptions.UsualSocket, Recursive = true };
        var debug = new Option<bool>("--debug") { Description = "Log in detail." };
        var root = new RootCommand("Tells the agent of this machine which pod addresses its Kubernetes node has, for as long as it runs.") { node, source, kubeconfig, token, socket, debug, Forget(socket) };
        root.SetAction((parsed, cancel) => RunAsync(() => KubeRunner.RunAsync(
            new KubeOptions
            {
                Node = parsed.GetValue(node) is { Length: > 0 } name ? name : KubeOptions.OwnNode(),
                Source = Enum.Parse<SourceChoice>(parsed.GetValue(source)!, ignoreCase: true),
                Kubeconfig = parsed.GetValue(kubeconfig) ?? (Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } told ? told : null),
                TokenFile = parsed.GetValue(token),
                Socket = parsed.GetValue(socket)!,
            },
            parsed.GetValue(debug),
            cancel)));
        return root;
    }

    private static Command Forget(Option<string> socket)
    {
        var command = new Command("forget", "Take back all that it told the agent, which stays otherwise. End the running one before.");
        command.SetAction((parsed, cancel) => RunAsync(() => KubeRunner.ForgetAsync(parsed.GetValue(socket)!, cancel)));
        return command;
    }

    private static async Task<int> RunAsync(Func<Task> body)
    {
        try
        {
            await body();
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 0; // a signal
        }
        catch (KubeException e)
        {
            await Console.Error.WriteLineAsync($"meshover-kube: {e.Message}");
            return Failed;
        }
    }
}
